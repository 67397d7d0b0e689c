#include "biossl/data/resize.h"

#include <algorithm>
#include <cmath>

#include "biossl/core/error.h"

namespace biossl {
namespace {

std::int64_t shorter_side(const Shape& image) { return std::min(image[0], image[1]); }

}  // namespace

Resizer::Axis Resizer::make_axis(std::int64_t extent, std::int64_t window, std::int64_t side) {
  const double scale = static_cast<double>(window) / static_cast<double>(side);
  const double radius = std::max(1.0, scale);
  const double offset = static_cast<double>(extent - window) / 2;
  Axis axis;
  axis.taps = std::min(extent, static_cast<std::int64_t>(std::ceil(radius)) * 2 + 1);
  axis.weights.resize(static_cast<std::size_t>(side * axis.taps));
  for (std::int64_t x = 0; x < side; ++x) {
    const double centre = offset + (static_cast<double>(x) + 0.5) * scale;
    const auto first =
        std::clamp(static_cast<std::int64_t>(std::floor(centre - radius)), std::int64_t{0}, extent - axis.taps);
    axis.first.push_back(first);
    float* weights = axis.weights.data() + x * axis.taps;
    double sum = 0;
    for (std::int64_t tap = 0; tap < axis.taps; ++tap) {
      const double distance = std::abs(static_cast<double>(first + tap) + 0.5 - centre) / radius;
      sum += weights[tap] = static_cast<float>(std::max(0.0, 1 - distance));
    }
    for (std::int64_t tap = 0; tap < axis.taps; ++tap) weights[tap] = static_cast<float>(weights[tap] / sum);
  }
  return axis;
}

Resizer::Resizer(const Shape& from, std::int64_t side, double crop) : from_(from) {
  check(side >= 1 && shorter_side(from) >= 1, "resize", "images of {} cannot become {} x {}", to_string(from), side,
        side);
  check(crop > 0 && crop <= 1, "resize", "crop = {} must lie above 0 and up to 1", crop);
  result_ = {side, side, from[2]};
  const double shorter = static_cast<double>(shorter_side(from));
  const std::int64_t window = std::max<std::int64_t>(std::llround(crop * shorter), 1);
  is_same_ = from == result_ && window == side;
  if (is_same_) return;
  rows_ = make_axis(from[0], window, side);
  columns_ = make_axis(from[1], window, side);
}

void Resizer::operator()(const std::uint8_t* from, std::uint8_t* to) const {
  if (is_same_) {
    std::copy_n(from, from_.size(), to);
    return;
  }
  const std::int64_t side = result_[0];
  const std::int64_t channels = result_[2];
  const std::int64_t width = from_[1];
  // Only the lines that the result reads: an image may be far higher than its middle square.
  const std::int64_t top = rows_.first.front();
  const std::int64_t lines = rows_.first.back() + rows_.taps - top;
  thread_local std::vector<float> narrow;  // (lines, S, C): those of the image, scaled along themselves
  narrow.resize(static_cast<std::size_t>(lines * side * channels));
  for (std::int64_t y = 0; y < lines; ++y) {
    for (std::int64_t x = 0; x < side; ++x) {
      const std::uint8_t* pixels = from + ((top + y) * width + columns_.first[static_cast<std::size_t>(x)]) * channels;
      const float* weights = columns_.weights.data() + x * columns_.taps;
      float* sums = narrow.data() + (y * side + x) * channels;
      std::fill_n(sums, channels, 0.0F);
      for (std::int64_t tap = 0; tap < columns_.taps; ++tap, pixels += channels) {
        for (std::int64_t c = 0; c < channels; ++c) sums[c] += weights[tap] * static_cast<float>(pixels[c]);
      }
    }
  }
  const std::int64_t row = side * channels;
  thread_local std::vector<float> sums;
  sums.resize(static_cast<std::size_t>(row));
  for (std::int64_t y = 0; y < side; ++y) {
    std::ranges::fill(sums, 0.5F);
    const float* line = narrow.data() + (rows_.first[static_cast<std::size_t>(y)] - top) * row;
    const float* weights = rows_.weights.data() + y * rows_.taps;
    for (std::int64_t tap = 0; tap < rows_.taps; ++tap, line += row) {
      for (std::int64_t i = 0; i < row; ++i) sums[static_cast<std::size_t>(i)] += weights[tap] * line[i];
    }
    for (std::int64_t i = 0; i < row; ++i) {
      *to++ = static_cast<std::uint8_t>(std::clamp(sums[static_cast<std::size_t>(i)], 0.0F, 255.0F));
    }
  }
}

}  // namespace biossl
