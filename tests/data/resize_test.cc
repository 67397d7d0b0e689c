#include "biossl/data/resize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "biossl/core/memory_use.h"
#include "tests/support/data_files.h"

namespace biossl {
namespace {

struct Axis {
  std::int64_t taps;
  std::vector<std::int64_t> first;
  std::vector<float> weights;
};

/// The formula of resize.h, in the number format that Resizer computes in.
Axis axis_of(std::int64_t extent, std::int64_t window, std::int64_t side) {
  const double scale = static_cast<double>(window) / static_cast<double>(side);
  const double radius = std::max(1.0, scale);
  Axis axis{.taps = std::min(extent, static_cast<std::int64_t>(std::ceil(radius)) * 2 + 1), .first = {}, .weights = {}};
  for (std::int64_t x = 0; x < side; ++x) {
    const double centre = static_cast<double>(extent - window) / 2 + (static_cast<double>(x) + 0.5) * scale;
    const auto start = static_cast<std::int64_t>(std::floor(centre - radius));
    axis.first.push_back(std::clamp(start, std::int64_t{0}, extent - axis.taps));
    std::vector<float> weights;
    double sum = 0;
    for (std::int64_t tap = 0; tap < axis.taps; ++tap) {
      const double distance = std::abs(static_cast<double>(axis.first.back() + tap) + 0.5 - centre) / radius;
      weights.push_back(static_cast<float>(std::max(0.0, 1 - distance)));
      sum += weights.back();
    }
    for (const float weight : weights) axis.weights.push_back(static_cast<float>(weight / sum));
  }
  return axis;
}

/// Scales all lines of an image, whether they are read or not, and then its columns.
std::vector<double> scaled(const Shape& shape, const std::string& image, std::int64_t side, double crop) {
  const auto shorter = static_cast<double>(std::min(shape[0], shape[1]));
  const std::int64_t window = std::max<std::int64_t>(std::llround(crop * shorter), 1);
  const Axis rows = axis_of(shape[0], window, side);
  const Axis columns = axis_of(shape[1], window, side);
  const auto at = [](std::int64_t index) { return static_cast<std::size_t>(index); };
  std::vector<double> narrow(at(shape[0] * side * shape[2]));
  for (std::int64_t y = 0; y < shape[0]; ++y) {
    for (std::int64_t x = 0; x < side; ++x) {
      for (std::int64_t tap = 0; tap < columns.taps; ++tap) {
        for (std::int64_t c = 0; c < shape[2]; ++c) {
          const std::int64_t from = (y * shape[1] + columns.first[at(x)] + tap) * shape[2] + c;
          narrow[at((y * side + x) * shape[2] + c)] += columns.weights[at(x * columns.taps + tap)] *
                                                       static_cast<double>(static_cast<std::uint8_t>(image[at(from)]));
        }
      }
    }
  }
  std::vector<double> result;
  for (std::int64_t y = 0; y < side; ++y) {
    for (std::int64_t i = 0; i < side * shape[2]; ++i) {
      double sum = 0;
      for (std::int64_t tap = 0; tap < rows.taps; ++tap) {
        sum += rows.weights[at(y * rows.taps + tap)] * narrow[at((rows.first[at(y)] + tap) * side * shape[2] + i)];
      }
      result.push_back(sum);
    }
  }
  return result;
}

std::vector<std::uint8_t> resized_bytes(const Shape& shape, const std::string& image, std::int64_t side, double crop) {
  const Resizer resize(shape, side, crop);
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(resize.result().size()));
  resize(reinterpret_cast<const std::uint8_t*>(image.data()), bytes.data());
  return bytes;
}

TEST(Resize, IsTheFormulaWhateverTheShape) {
  for (const Shape& shape : {Shape{9, 9, 3}, Shape{40, 7, 3}, Shape{7, 40, 1}, Shape{101, 64, 2}, Shape{1, 300, 3},
                             Shape{300, 1, 3}, Shape{2, 90, 3}, Shape{90, 2, 3}, Shape{1, 1, 3}, Shape{33, 200, 1}}) {
    const std::string image = testing::noise(static_cast<std::size_t>(shape.size()));
    for (const std::int64_t side : {1, 2, 8, 33}) {
      for (const double crop : {1.0, 0.6, 0.1}) {
        SCOPED_TRACE(fmt::format("{} to {}, crop {}", to_string(shape), side, crop));
        const std::vector<std::uint8_t> bytes = resized_bytes(shape, image, side, crop);
        const std::vector<double> expected = scaled(shape, image, side, crop);
        ASSERT_EQ(bytes.size(), expected.size());
        for (std::size_t i = 0; i < bytes.size(); ++i) ASSERT_NEAR(bytes[i], expected[i], 0.51) << i;
      }
    }
  }
}

/// What lies outside of the middle changes nothing, and so need not be scaled.
TEST(Resize, ReadsTheMiddleOfALongImageAlone) {
  const std::int64_t length = 500'000;
  const std::int64_t side = 64;
  const std::string middle = testing::noise(5 * 3);
  std::string image(static_cast<std::size_t>(length) * 3, '\xff');
  image.replace(static_cast<std::size_t>(length / 2 - 2) * 3, middle.size(), middle);
  const bool measures = restart_peak_memory();
  const std::int64_t before = peak_memory_bytes();
  const std::vector<std::uint8_t> high = resized_bytes({length, 1, 3}, image, side, 1);
  // Of all lines it would be 384 MB.
  if (measures) {
    EXPECT_LT(peak_memory_bytes() - before, std::int64_t{64} << 20);
  }
  const std::vector<std::uint8_t> wide = resized_bytes({1, length, 3}, image, side, 1);
  for (std::int64_t y = 0; y < side; ++y) {
    for (std::int64_t x = 0; x < side; ++x) {
      for (std::int64_t c = 0; c < 3; ++c) {
        const auto index = static_cast<std::size_t>((y * side + x) * 3 + c);
        const auto turned = static_cast<std::size_t>((x * side + y) * 3 + c);
        ASSERT_NEAR(high[index], wide[turned], 1) << y << ' ' << x;
      }
    }
  }
  std::string short_image = image.substr(static_cast<std::size_t>(length / 2 - 2) * 3, 5 * 3);
  short_image.insert(0, "\xff\xff\xff");  // an even length again, with the same middle
  EXPECT_EQ(high, resized_bytes({6, 1, 3}, short_image, side, 1));
}

}  // namespace
}  // namespace biossl
