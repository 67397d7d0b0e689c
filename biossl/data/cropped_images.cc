#include "biossl/data/cropped_images.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "biossl/core/error.h"
#include "biossl/data/random_crop.h"

namespace biossl {
namespace {

constexpr std::int64_t most_padding = 4096;

}  // namespace

CroppedImages::CroppedImages(std::unique_ptr<Dataset> images, const CropSize& crop)
    : images_(std::move(images)), crop_(crop) {
  const Shape& image = images_->image_shape();
  check(crop.height >= 1 && crop.width >= 1 && crop.padding >= 0 && crop.padding <= most_padding, "data",
        "crops of {}x{} pixels with {} of padding are impossible", crop.height, crop.width, crop.padding);
  check(crop.height <= image[0] && crop.width <= image[1], "data",
        "crops of {}x{} pixels exceed the images, which are {}x{}", crop.height, crop.width, image[0], image[1]);
  size_ = images_->size();
  image_shape_ = {crop.height, crop.width, image[2]};
  labels_ = images_->labels();
  class_names_ = images_->class_names();
  clips_ = images_->clips();
  notes_ = images_->notes();
}

void CroppedImages::fetch(std::span<const std::int32_t> rows, std::uint8_t* to) const {
  check_rows(rows);
  const std::int64_t bytes = images_->image_shape().size();
  thread_local std::vector<std::uint8_t> whole;
  whole.resize(static_cast<std::size_t>(images_->is_resident() ? 0 : bytes));
  for (const std::int32_t row : rows) {
    if (!images_->is_resident()) images_->fetch(std::span(&row, 1), whole.data());
    const std::uint8_t* const image =
        images_->is_resident() ? images_->pixels().data<const std::uint8_t>() + row * bytes : whole.data();
    cut(image, place_of(row), to);
    to += image_shape_.size();
  }
}

/// Never change the order of the draws.
CroppedImages::Place CroppedImages::place_of(std::int32_t row) const {
  const std::int64_t down = images_->image_shape()[0] - crop_.height;
  const std::int64_t across = images_->image_shape()[1] - crop_.width;
  if (!random_) return {.top = down / 2, .left = across / 2, .mirror = false};
  Random random(random_->seed, "probe.augment", random_->epoch, static_cast<std::uint32_t>(row));
  const bool mirror = random.coin();
  const std::int64_t top = draw_place(random, down + 2 * crop_.padding) - crop_.padding;
  return {.top = top, .left = draw_place(random, across + 2 * crop_.padding) - crop_.padding, .mirror = mirror};
}

void CroppedImages::cut(const std::uint8_t* image, const Place& place, std::uint8_t* to) const {
  const Shape& from = images_->image_shape();
  const std::int64_t channels = from[2];
  for (std::int64_t i = 0; i < crop_.height; ++i) {
    const std::int64_t row = place.top + i;
    for (std::int64_t j = 0; j < crop_.width; ++j) {
      const std::int64_t column = place.left + (place.mirror ? crop_.width - 1 - j : j);
      const bool inside = row >= 0 && row < from[0] && column >= 0 && column < from[1];
      to = inside ? std::copy_n(image + (row * from[1] + column) * channels, channels, to)
                  : std::fill_n(to, channels, std::uint8_t{0});
    }
  }
}

}  // namespace biossl
