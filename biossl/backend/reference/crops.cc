#include "biossl/backend/shared/crops.h"

#include <array>
#include <vector>

#include "biossl/backend/backend.h"
#include "biossl/backend/reference/elements.h"

namespace biossl::reference {
namespace {

/// Images as doubles in [0, 1], (H, W, C).
struct View {
  std::int64_t height, width, channels;
  double* values;

  double& at(std::int64_t row, std::int64_t column, std::int64_t channel) const {
    return values[(row * width + column) * channels + channel];
  }
  std::int64_t pixels() const { return height * width; }
};

/// The pixel at (row, column) of a crop.
double pixel(const Tensor& pixels, std::int64_t image, const Crop& crop, std::int64_t row, std::int64_t column,
             std::int64_t channel) {
  const std::int64_t place = (image * pixels.extent(1) + crop.top + row) * pixels.extent(2) + crop.left + column;
  return pixels.data<std::uint8_t>()[place * pixels.extent(3) + channel] / 255.0;
}

void scale(const Tensor& pixels, std::int64_t image, const Crop& crop, const View& to) {
  for (std::int64_t row = 0; row < to.height; ++row) {
    const auto down = shared::between<double>(row, to.height, crop.height);
    for (std::int64_t column = 0; column < to.width; ++column) {
      const auto across = shared::between<double>(column, to.width, crop.width);
      const std::int64_t place = crop.mirror ? to.width - 1 - column : column;
      for (std::int64_t channel = 0; channel < to.channels; ++channel) {
        const auto mixed_row = [&](std::int32_t which) {
          return (1 - across.second_weight) * pixel(pixels, image, crop, which, across.first, channel) +
                 across.second_weight * pixel(pixels, image, crop, which, across.second, channel);
        };
        to.at(row, place, channel) =
            (1 - down.second_weight) * mixed_row(down.first) + down.second_weight * mixed_row(down.second);
      }
    }
  }
}

double grey_at(const double* colour) { return shared::grey_of(colour[0], colour[1], colour[2]); }

void change_colours(Crop::Colour which, const Crop& crop, const View& view) {
  double mean = 0;
  for (std::int64_t i = 0; i < view.pixels(); ++i) mean += grey_at(view.values + 3 * i);
  mean /= static_cast<double>(view.pixels());
  for (std::int64_t i = 0; i < view.pixels(); ++i) {
    double* colour = view.values + 3 * i;
    if (which == Crop::Colour::hue) {
      const auto turned =
          shared::adjust_colour<double>({colour[0], colour[1], colour[2]}, 1, static_cast<double>(crop.hue));
      colour[0] = turned.red;
      colour[1] = turned.green;
      colour[2] = turned.blue;
      continue;
    }
    const double grey = grey_at(colour);
    for (int channel = 0; channel < 3; ++channel) {
      double& value = colour[channel];
      if (which == Crop::Colour::brightness) value = shared::mixed<double>(crop.brightness, value, 0);
      if (which == Crop::Colour::contrast) value = shared::mixed<double>(crop.contrast, value, mean);
      if (which == Crop::Colour::saturation) value = shared::mixed<double>(crop.saturation, value, grey);
    }
  }
}

void turn_grey(const View& view) {
  for (std::int64_t i = 0; i < view.pixels(); ++i) {
    double* colour = view.values + 3 * i;
    colour[0] = colour[1] = colour[2] = grey_at(colour);
  }
}

}  // namespace

void crop(const Tensor& pixels, const Tensor& rows, std::span<const Crop> crops, Tensor& dst) {
  std::vector<double> output = zeros_like(dst);
  for (std::int64_t n = 0; n < rows.size(); ++n) {
    const Crop& crop = crops[static_cast<std::size_t>(n)];
    const View view{dst.extent(1), dst.extent(2), dst.extent(3), output.data() + n * dst.shape().row_size()};
    scale(pixels, rows.data<std::int32_t>()[n], crop, view);
    if (crop.jitter) {
      for (const Crop::Colour which : crop.order) change_colours(which, crop, view);
    }
    if (crop.grey) turn_grey(view);
  }
  store(output, dst);
}

}  // namespace biossl::reference
