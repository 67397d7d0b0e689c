#include "biossl/data/random_crop.h"

#include <algorithm>
#include <cmath>

namespace biossl {
namespace {

constexpr int tries = 10;

double uniform(Random& random, double low, double high) {
  return low + (high - low) * static_cast<double>(random.uniform());
}

bool happens(Random& random, double probability) { return static_cast<double>(random.uniform()) < probability; }

float draw_factor(Random& random, double spread) {
  return static_cast<float>(uniform(random, std::max(0.0, 1 - spread), 1 + spread));
}

void shuffle(Random& random, Crop& crop) {
  for (std::uint32_t last = 3; last > 0; --last) std::swap(crop.order[last], crop.order[random.below(last + 1)]);
}

/// The range of the rounded sides is checked before they become whole numbers.
bool draw_rectangle(Random& random, const CropRange& range, std::int64_t height, std::int64_t width, Crop& crop) {
  const double area =
      static_cast<double>(height) * static_cast<double>(width) * uniform(random, range.min_area, range.max_area);
  const double aspect = std::exp(uniform(random, std::log(range.min_aspect), std::log(range.max_aspect)));
  const double wide = std::round(std::sqrt(area * aspect));
  const double high = std::round(std::sqrt(area / aspect));
  if (wide < 1 || high < 1 || wide > static_cast<double>(width) || high > static_cast<double>(height)) return false;
  crop.width = static_cast<std::int64_t>(wide);
  crop.height = static_cast<std::int64_t>(high);
  return true;
}

}  // namespace

std::int64_t draw_place(Random& random, std::int64_t most) {
  return static_cast<std::int64_t>(random.below(static_cast<std::uint32_t>(most + 1)));
}

/// Never change the order of the draws. The rectangle comes last, because how often it is drawn differs.
Crop draw_crop(Random random, const CropRange& range, std::int64_t height, std::int64_t width) {
  Crop crop;
  crop.mirror = happens(random, range.mirror);
  crop.jitter = happens(random, range.jitter);
  shuffle(random, crop);
  crop.brightness = draw_factor(random, range.brightness);
  crop.contrast = draw_factor(random, range.contrast);
  crop.saturation = draw_factor(random, range.saturation);
  crop.hue = static_cast<float>(uniform(random, -range.hue, range.hue));
  crop.grey = happens(random, range.grey);
  for (int i = 0; i < tries; ++i) {
    if (!draw_rectangle(random, range, height, width, crop)) continue;
    crop.top = draw_place(random, height - crop.height);
    crop.left = draw_place(random, width - crop.width);
    return crop;
  }
  const double aspect = static_cast<double>(width) / static_cast<double>(height);
  const Crop middle = middle_crop(height, width, std::clamp(aspect, range.min_aspect, range.max_aspect));
  crop.top = middle.top;
  crop.left = middle.left;
  crop.height = middle.height;
  crop.width = middle.width;
  return crop;
}

Crop middle_crop(std::int64_t height, std::int64_t width, double aspect) {
  const auto side = [](double wanted, std::int64_t most) {
    return std::clamp<std::int64_t>(std::llround(std::min(wanted, static_cast<double>(most))), 1, most);
  };
  Crop crop;
  crop.width = side(static_cast<double>(height) * aspect, width);
  crop.height = side(static_cast<double>(width) / aspect, height);
  crop.top = (height - crop.height) / 2;
  crop.left = (width - crop.width) / 2;
  return crop;
}

PatchCrop draw_patch_crop(Random random, std::int64_t side, double mirror, std::int64_t height, std::int64_t width) {
  const bool mirrored = happens(random, mirror);
  const std::int64_t top = draw_place(random, height - side);
  return {.top = top, .left = draw_place(random, width - side), .mirror = mirrored};
}

}  // namespace biossl
