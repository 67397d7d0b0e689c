#include "biossl/ops/crops.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "biossl/core/parallel.h"
#include "tests/support/devices.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using namespace biossl::testing;

constexpr std::array<Device, 2> hosts{Device::reference, Device::cpu};

/// Images as a paper would have them: planes of doubles, without any of the operation's tricks.
struct Picture {
  std::int64_t height, width, channels;
  std::vector<double> values;

  Picture(std::int64_t rows, std::int64_t columns, std::int64_t depth)
      : height(rows), width(columns), channels(depth), values(static_cast<std::size_t>(rows * columns * depth)) {}
  double& at(std::int64_t y, std::int64_t x, std::int64_t c) {
    return values[static_cast<std::size_t>((y * width + x) * channels + c)];
  }
};

Picture picture_of(const Tensor& pixels, std::int64_t image) {
  Picture picture(pixels.extent(1), pixels.extent(2), pixels.extent(3));
  const std::vector<double> bytes = values_of(pixels.rows(image, image + 1));
  for (std::size_t i = 0; i < bytes.size(); ++i) picture.values[i] = bytes[i] / 255;
  return picture;
}

Picture cut_out(Picture picture, const Crop& crop) {
  Picture part(crop.height, crop.width, picture.channels);
  for (std::int64_t y = 0; y < crop.height; ++y) {
    for (std::int64_t x = 0; x < crop.width; ++x) {
      for (std::int64_t c = 0; c < part.channels; ++c) part.at(y, x, c) = picture.at(crop.top + y, crop.left + x, c);
    }
  }
  return part;
}

/// Bilinear with half-pixel centres; points outside the outermost centres take the nearest pixel.
Picture resized(Picture part, std::int64_t height, std::int64_t width) {
  Picture view(height, width, part.channels);
  const auto place = [](std::int64_t i, std::int64_t to, std::int64_t from) {
    const double point = (static_cast<double>(i) + 0.5) * static_cast<double>(from) / static_cast<double>(to) - 0.5;
    return std::clamp(point, 0.0, static_cast<double>(from - 1));
  };
  for (std::int64_t y = 0; y < height; ++y) {
    for (std::int64_t x = 0; x < width; ++x) {
      const double v = place(y, height, part.height);
      const double u = place(x, width, part.width);
      for (std::int64_t c = 0; c < part.channels; ++c) {
        double sum = 0;
        for (std::int64_t q = 0; q < part.height; ++q) {
          const double down = std::max(0.0, 1 - std::abs(v - static_cast<double>(q)));
          for (std::int64_t p = 0; down > 0 && p < part.width; ++p) {
            sum += down * std::max(0.0, 1 - std::abs(u - static_cast<double>(p))) * part.at(q, p, c);
          }
        }
        view.at(y, x, c) = sum;
      }
    }
  }
  return view;
}

double luma(const double* rgb) { return 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]; }
double unit(double value) { return std::clamp(value, 0.0, 1.0); }

/// Python's colorsys.
void shift_hue(double* rgb, double turns) {
  const double high = std::max({rgb[0], rgb[1], rgb[2]});
  const double low = std::min({rgb[0], rgb[1], rgb[2]});
  if (high == low) return;
  const double saturation = (high - low) / high;
  const double r = (high - rgb[0]) / (high - low);
  const double g = (high - rgb[1]) / (high - low);
  const double b = (high - rgb[2]) / (high - low);
  double hue = rgb[0] == high ? b - g : rgb[1] == high ? 2 + r - b : 4 + g - r;
  hue = hue / 6 + turns;
  hue -= std::floor(hue);
  const double sixths = hue * 6;
  const double f = sixths - std::floor(sixths);
  const double p = high * (1 - saturation);
  const double q = high * (1 - saturation * f);
  const double t = high * (1 - saturation * (1 - f));
  const double table[6][3] = {{high, t, p}, {q, high, p}, {p, high, t}, {p, q, high}, {t, p, high}, {high, p, q}};
  std::copy_n(table[static_cast<int>(sixths) % 6], 3, rgb);
}

void jitter(Picture& view, Crop::Colour which, const Crop& crop) {
  const auto pixels = static_cast<std::size_t>(view.height * view.width);
  double mean = 0;
  for (std::size_t i = 0; i < pixels; ++i) mean += luma(&view.values[3 * i]) / static_cast<double>(pixels);
  for (std::size_t i = 0; i < pixels; ++i) {
    double* rgb = &view.values[3 * i];
    const double grey = luma(rgb);
    if (which == Crop::Colour::hue) shift_hue(rgb, static_cast<double>(crop.hue));
    for (int c = 0; c < 3; ++c) {
      const auto blend = [&](float factor, double other) {
        const auto k = static_cast<double>(factor);
        rgb[c] = unit(k * rgb[c] + (1 - k) * other);
      };
      if (which == Crop::Colour::brightness) blend(crop.brightness, 0);
      if (which == Crop::Colour::contrast) blend(crop.contrast, mean);
      if (which == Crop::Colour::saturation) blend(crop.saturation, grey);
    }
  }
}

std::vector<double> expected_view(const Tensor& pixels, std::int64_t image, const Crop& crop, std::int64_t height,
                                  std::int64_t width) {
  Picture view = resized(cut_out(picture_of(pixels, image), crop), height, width);
  if (crop.mirror) {
    for (std::int64_t y = 0; y < height; ++y) {
      for (std::int64_t x = 0; x < width / 2; ++x) {
        for (std::int64_t c = 0; c < view.channels; ++c) std::swap(view.at(y, x, c), view.at(y, width - 1 - x, c));
      }
    }
  }
  if (crop.jitter) {
    for (const Crop::Colour which : crop.order) jitter(view, which, crop);
  }
  if (crop.grey) {
    for (std::int64_t i = 0; i < height * width; ++i) {
      double* rgb = &view.values[static_cast<std::size_t>(3 * i)];
      std::fill_n(rgb, 3, luma(rgb));
    }
  }
  return view.values;
}

Tensor cropped(const Tensor& pixels, const std::vector<std::int32_t>& rows, const std::vector<Crop>& crops,
               std::int64_t height, std::int64_t width, DType dtype = DType::float32) {
  Tensor dst =
      poisoned({static_cast<std::int64_t>(rows.size()), height, width, pixels.extent(3)}, dtype, pixels.device());
  ops::crop(pixels, indices_of(rows, pixels.device()), crops, dst);
  return dst;
}

/// Crops of every kind that fit into images of height x width; `coloured`: with new colours too.
std::vector<Crop> several_crops(std::int64_t height, std::int64_t width, bool coloured) {
  using enum Crop::Colour;
  Random random(7, Purpose::sample);
  std::vector<Crop> crops{{.height = height, .width = width}, {.top = height - 1, .left = width - 1}};
  for (int i = 0; i < 22; ++i) {
    Crop crop;
    crop.height = 1 + random.below(static_cast<std::uint32_t>(height));
    crop.width = 1 + random.below(static_cast<std::uint32_t>(width));
    crop.top = random.below(static_cast<std::uint32_t>(height - crop.height + 1));
    crop.left = random.below(static_cast<std::uint32_t>(width - crop.width + 1));
    crop.mirror = i % 2 == 1;
    crop.order = {contrast, hue, saturation, brightness};
    for (int k = 0; k < i; ++k) std::next_permutation(crop.order.begin(), crop.order.end());
    crop.jitter = coloured && i % 3 != 0;
    crop.brightness = random.uniform(0.2F, 1.8F);
    crop.contrast = random.uniform(0.2F, 1.8F);
    crop.saturation = random.uniform(0.2F, 1.8F);
    crop.hue = random.uniform(-0.2F, 0.2F);
    crop.grey = coloured && i % 5 == 4;
    crops.push_back(crop);
  }
  return crops;
}

struct CropCase {
  const char* name;
  Shape pixels;
  std::int64_t height, width;
};

class CropsOn : public ::testing::TestWithParam<std::tuple<CropCase, DType, Device>> {};

TEST_P(CropsOn, EqualTheFormula) {
  const auto& [each, dtype, device] = GetParam();
  const std::vector<Crop> crops = several_crops(each.pixels[1], each.pixels[2], each.pixels[3] == 3);
  const Tensor pixels = random_bytes(each.pixels, device, 1);
  std::vector<std::int32_t> rows;  // out of order, and each image more than once
  std::vector<double> expected;
  for (std::size_t n = 0; n < crops.size(); ++n) {
    rows.push_back(static_cast<std::int32_t>((n * 5 + 2) % static_cast<std::size_t>(each.pixels[0])));
    const std::vector<double> one = expected_view(pixels, rows.back(), crops[n], each.height, each.width);
    expected.insert(expected.end(), one.begin(), one.end());
  }
  const std::vector<double> ours = values_of(cropped(pixels, rows, crops, each.height, each.width, dtype));
  ASSERT_EQ(ours.size(), expected.size());
  for (std::size_t i = 0; i < ours.size(); ++i) {
    ASSERT_NEAR(ours[i], expected[i], dtype == DType::bfloat16 ? 0.0021 : 2e-5) << i;
  }
  EXPECT_LT(relative_error(ours, expected), tolerance(dtype));
}

INSTANTIATE_TEST_SUITE_P(
    All, CropsOn,
    ::testing::Combine(::testing::Values(CropCase{"cifar", {4, 32, 32, 3}, 32, 32},
                                         CropCase{"smaller", {2, 96, 96, 3}, 64, 64},
                                         CropCase{"odd", {3, 7, 13, 3}, 9, 5}, CropCase{"grey", {3, 12, 17, 1}, 12, 17},
                                         CropCase{"five", {3, 9, 8, 5}, 8, 8}, CropCase{"six", {3, 9, 8, 6}, 8, 8},
                                         CropCase{"one_pixel", {2, 1, 1, 3}, 4, 4}),
                       ::testing::ValuesIn(activity_types()), ::testing::ValuesIn(hosts)),
    OnDeviceName());

TEST(Crops, OfAWholeImageAreTheImage) {
  for (const Device device : hosts) {
    const Tensor pixels = random_bytes({2, 31, 20, 3}, device, 2);
    const std::vector<double> view = values_of(cropped(pixels, {1}, {{.height = 31, .width = 20}}, 31, 20));
    const std::vector<double> bytes = values_of(pixels.rows(1, 2));
    for (std::size_t i = 0; i < view.size(); ++i) ASSERT_NEAR(view[i] * 255, bytes[i], 1e-4) << name_of(device);
  }
}

TEST(Crops, OfOnePixelAreOfItsColour) {
  for (const Device device : hosts) {
    const Tensor pixels = random_bytes({1, 9, 9, 3}, device, 3);
    const std::vector<double> view = values_of(cropped(pixels, {0}, {{.top = 4, .left = 7}}, 6, 5));
    const std::vector<double> bytes = values_of(pixels);
    for (std::size_t i = 0; i < view.size(); ++i) {
      ASSERT_NEAR(view[i] * 255, bytes[(4 * 9 + 7) * 3 + i % 3], 1e-4) << name_of(device);
    }
  }
}

TEST(Crops, GreyPixelsKeepTheirGreyUnderHueAndSaturation) {
  for (const Device device : hosts) {
    const Tensor pixels = bytes_of({1, 1, 4, 3}, {0, 0, 0, 7, 7, 7, 128, 128, 128, 255, 255, 255}, device);
    Crop crop{.height = 1, .width = 4, .jitter = true, .saturation = 1.8F, .hue = 0.2F};
    const std::vector<double> view = values_of(cropped(pixels, {0}, {crop}, 1, 4));
    crop.jitter = false;
    crop.grey = true;
    const std::vector<double> grey = values_of(cropped(pixels, {0}, {crop}, 1, 4));
    for (std::size_t i = 0; i < view.size(); ++i) {
      ASSERT_NEAR(view[i] * 255, values_of(pixels)[i], 1e-4) << name_of(device);
      ASSERT_NEAR(grey[i] * 255, values_of(pixels)[i], 1e-4) << name_of(device);
    }
  }
}

TEST(Crops, DoNotDependOnThreadsOrTheBatch) {
  const int before = threads();
  const std::vector<Crop> crops = several_crops(32, 32, true);
  const Tensor pixels = random_bytes({5, 32, 32, 3}, Device::cpu, 4);
  std::vector<std::int32_t> rows;
  for (std::size_t n = 0; n < crops.size(); ++n) rows.push_back(static_cast<std::int32_t>(n % 5));
  const std::vector<double> together = values_of(cropped(pixels, rows, crops, 32, 32));
  for (const int count : {1, 3}) {
    set_threads(count);
    EXPECT_EQ(values_of(cropped(pixels, rows, crops, 32, 32)), together) << count;
  }
  set_threads(before);
  for (std::size_t n = 0; n < crops.size(); ++n) {
    const std::vector<double> alone = values_of(cropped(pixels, {rows[n]}, {crops[n]}, 32, 32));
    EXPECT_TRUE(std::ranges::equal(alone, std::span(together).subspan(n * 3072, 3072))) << n;
  }
}

TEST(Crops, RefuseWhatIsImpossible) {
  for (const Device device : hosts) {
    const Tensor pixels = random_bytes({2, 8, 6, 3}, device, 5);
    const Tensor grey = random_bytes({2, 8, 6, 1}, device, 5);
    const float nan = std::numeric_limits<float>::quiet_NaN();
    EXPECT_NO_THROW(cropped(pixels, {1}, {{.top = 7, .left = 5}}, 4, 4));
    for (const Crop& wrong : {Crop{.top = 8}, Crop{.top = -1}, Crop{.left = 6}, Crop{.height = 0}, Crop{.height = 9},
                              Crop{.left = 1, .width = 6}, Crop{.top = std::numeric_limits<std::int64_t>::max()},
                              Crop{.brightness = -1}, Crop{.contrast = nan}, Crop{.hue = nan}}) {
      EXPECT_THROW(cropped(pixels, {1}, {wrong}, 4, 4), std::invalid_argument);
    }
    EXPECT_THROW(cropped(pixels, {2}, {Crop{}}, 4, 4), std::invalid_argument);
    EXPECT_THROW(cropped(pixels, {0, 1}, {Crop{}}, 4, 4), std::invalid_argument);
    EXPECT_THROW(cropped(grey, {0}, {{.jitter = true}}, 4, 4), std::invalid_argument);
    EXPECT_THROW(cropped(grey, {0}, {{.grey = true}}, 4, 4), std::invalid_argument);
    Tensor other = poisoned({1, 4, 4, 2}, DType::float32, device);
    EXPECT_THROW(ops::crop(pixels, indices_of({0}, device), std::vector<Crop>(1), other), std::invalid_argument);
  }
}

Tensor patches_of(const Tensor& pixels, const std::vector<std::int32_t>& rows, const std::vector<PatchCrop>& crops,
                  const PatchCut& cut, DType dtype = DType::float32) {
  const std::int64_t count = static_cast<std::int64_t>(rows.size()) * cut.grid().size();
  Tensor dst = poisoned({count, cut.patch, cut.patch, 1}, dtype, pixels.device());
  ops::cut_patches(pixels, indices_of(rows, pixels.device()), crops, cut, dst);
  return dst;
}

class PatchesOn : public ::testing::TestWithParam<std::tuple<DType, Device>> {};

TEST_P(PatchesOn, EqualTheFormula) {
  const auto& [dtype, device] = GetParam();
  const PatchCut published;
  EXPECT_EQ(published.grid().rows, 7);
  EXPECT_EQ(published.grid().columns, 7);
  for (const std::int64_t channels : {3, 1}) {
    for (const PatchCut& cut : {published, PatchCut{.crop = 21, .patch = 5, .stride = 3, .mean = 0, .deviation = 1},
                                PatchCut{.crop = 6, .patch = 6, .stride = 4}}) {
      const Tensor pixels = random_bytes({3, 80, 70, channels}, device, 6);
      const std::vector<std::int32_t> rows{2, 0, 1};
      const std::vector<PatchCrop> crops{{.top = 16, .left = 6}, {.top = 3, .left = 5, .mirror = true}, {}};
      std::vector<double> expected;
      for (std::size_t n = 0; n < rows.size(); ++n) {
        Picture picture = picture_of(pixels, rows[n]);
        const std::int64_t side = (cut.crop - cut.patch) / cut.stride + 1;
        for (std::int64_t i = 0; i < side * side * cut.patch * cut.patch; ++i) {
          const std::int64_t y = i / (side * cut.patch * cut.patch) * cut.stride + i / cut.patch % cut.patch;
          const std::int64_t x = i / (cut.patch * cut.patch) % side * cut.stride + i % cut.patch;
          const std::int64_t column = crops[n].left + (crops[n].mirror ? cut.crop - 1 - x : x);
          double* pixel = &picture.at(crops[n].top + y, column, 0);
          const double grey = channels == 3 ? luma(pixel) : *pixel;
          expected.push_back((grey - static_cast<double>(cut.mean)) / static_cast<double>(cut.deviation));
        }
      }
      EXPECT_LT(relative_error(values_of(patches_of(pixels, rows, crops, cut, dtype)), expected), tolerance(dtype))
          << channels << " " << cut.crop;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, PatchesOn,
                         ::testing::Combine(::testing::ValuesIn(activity_types()), ::testing::ValuesIn(hosts)));

TEST(Patches, DoNotDependOnThreads) {
  const int before = threads();
  const Tensor pixels = random_bytes({4, 64, 70, 3}, Device::cpu, 7);
  const std::vector<PatchCrop> crops{{.left = 6}, {.left = 2, .mirror = true}, {}, {.left = 1}};
  const std::vector<double> base = values_of(patches_of(pixels, {3, 1, 0, 2}, crops, {}));
  for (const int count : {1, 3}) {
    set_threads(count);
    EXPECT_EQ(values_of(patches_of(pixels, {3, 1, 0, 2}, crops, {})), base) << count;
  }
  set_threads(before);
}

TEST(Patches, RefuseWhatIsImpossible) {
  const PatchCut cut{.crop = 6, .patch = 4, .stride = 2};
  for (const Device device : hosts) {
    const Tensor pixels = random_bytes({2, 8, 6, 3}, device, 8);
    EXPECT_NO_THROW(patches_of(pixels, {1}, {{.top = 2}}, cut));
    EXPECT_THROW(patches_of(pixels, {1}, {{.top = 3}}, cut), std::invalid_argument);
    EXPECT_THROW(patches_of(pixels, {1}, {{.left = 1}}, cut), std::invalid_argument);
    EXPECT_THROW(patches_of(pixels, {2}, {{}}, cut), std::invalid_argument);
    EXPECT_THROW(patches_of(random_bytes({2, 8, 6, 2}, device, 8), {1}, {{}}, cut), std::invalid_argument);
    for (const PatchCut& wrong : {PatchCut{.crop = 7, .patch = 4, .stride = 2}, PatchCut{.crop = 3, .patch = 4},
                                  PatchCut{.crop = 6, .patch = 0}, PatchCut{.crop = 6, .patch = 4, .deviation = 0}}) {
      EXPECT_THROW(patches_of(pixels, {1}, {{}}, wrong), std::invalid_argument);
    }
    Tensor dst({9, 4, 4, 1}, DType::float32, device);
    EXPECT_THROW(ops::cut_patches(pixels, indices_of({0}, device), std::vector<PatchCrop>(1), cut, dst),
                 std::invalid_argument);
    EXPECT_THROW(ops::cut_patches(pixels, indices_of({0}, device), std::vector<PatchCrop>(1), {.stride = 0}, dst),
                 std::invalid_argument);
  }
}

}  // namespace
}  // namespace biossl
