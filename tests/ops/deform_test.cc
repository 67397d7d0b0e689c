#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "biossl/ops/ops.h"
#include "tests/support/devices.h"
#include "tests/support/reference_case.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using namespace biossl::testing;

/// One deformation of `count` images, numbered from `first` on.
Tensor drawn(std::int32_t first, std::int32_t count, Device device, const DeformRange& range = {},
             std::uint64_t seed = 1, std::uint32_t epoch = 0, std::uint32_t view = 0) {
  std::vector<std::int32_t> images(static_cast<std::size_t>(count));
  std::iota(images.begin(), images.end(), first);
  Tensor parameters = poisoned({count, ops::deform_parameters}, DType::float32, device);
  ops::draw_deformations(seed, epoch, view, indices_of(images, device), range, parameters);
  return parameters;
}

/// The row of parameters that leaves an image as it is.
const std::vector<double> unchanged = {1, 0, 0, 0, 1, 0, 1, 0, 0};

Tensor deformed(const Tensor& pixels, const std::vector<std::int32_t>& rows, const Tensor& parameters,
                DType dtype = DType::float32) {
  const auto count = static_cast<std::int64_t>(rows.size());
  Tensor dst = poisoned(pixels.shape().with_rows(count), dtype, pixels.device());
  ops::deform(pixels, indices_of(rows, pixels.device()), parameters, dst);
  return dst;
}

class DrawsOn : public ::testing::TestWithParam<Device> {};

TEST_P(DrawsOn, DoNotDependOnTheBatch) {
  const Tensor together = drawn(0, 30, GetParam());
  for (const std::int32_t image : {0, 7, 29}) {
    EXPECT_EQ(values_of(drawn(image, 1, GetParam())), values_of(together.rows(image, image + 1)));
  }
  EXPECT_EQ(values_of(drawn(11, 5, GetParam())), values_of(together.rows(11, 16)));
}

TEST_P(DrawsOn, DependOnSeedEpochImageAndView) {
  const std::vector<double> base = values_of(drawn(3, 1, GetParam()));
  EXPECT_EQ(base, values_of(drawn(3, 1, GetParam())));
  EXPECT_NE(base, values_of(drawn(4, 1, GetParam())));
  EXPECT_NE(base, values_of(drawn(3, 1, GetParam(), {}, 2)));
  EXPECT_NE(base, values_of(drawn(3, 1, GetParam(), {}, 1, 1)));
  EXPECT_NE(base, values_of(drawn(3, 1, GetParam(), {}, 1, 0, 1)));
}

TEST_P(DrawsOn, HaveTheirDistributions) {
  const int count = 4000;
  const std::vector<double> values = values_of(drawn(0, count, GetParam()));
  int identities = 0;
  int mirrored = 0;
  double highest[9] = {};
  for (std::size_t first = 0; first < values.size(); first += 9) {
    const double* row = &values[first];
    identities += std::equal(row, row + 6, unchanged.begin()) ? 1 : 0;
    ASSERT_TRUE(row[8] == 0 || row[8] == 1);
    mirrored += row[8] == 1 ? 1 : 0;
    const double deviations[] = {row[0] - 1, row[1], row[2], row[3], row[4] - 1, row[5], std::log2(row[6]), row[7]};
    const double bounds[] = {0.25, 0.25, 0.5, 0.25, 0.25, 0.5, 2, 0.1};
    for (std::size_t i = 0; i < 8; ++i) {
      ASSERT_LE(std::abs(deviations[i]), bounds[i] + 1e-6) << "parameter " << i;
      highest[i] = std::max(highest[i], std::abs(deviations[i]) / bounds[i]);
    }
  }
  EXPECT_NEAR(static_cast<double>(identities) / count, 0.5, 0.03);
  EXPECT_NEAR(static_cast<double>(mirrored) / count, 0.5, 0.03);
  for (std::size_t i = 0; i < 8; ++i) EXPECT_GT(highest[i], 0.99) << "parameter " << i;
}

/// Eight parameters in units of their bounds, +-1 for the mirror, +-1 for whether the map is affine.
using Draws = std::array<double, 10>;

// The bounds are 6.5 standard deviations of independent, uniform draws: that any of the 57 means lies outside has a
// probability below 1e-8.
TEST_P(DrawsOn, AreUniformToBothSidesAndIndependent) {
  const DeformRange range{.affine = 0.5F};
  const std::vector<double> values = values_of(drawn(0, 20000, GetParam(), range));
  const double linear = static_cast<double>(range.perturb) / 2, shift = static_cast<double>(range.perturb);
  const double saturation = static_cast<double>(range.saturation) / 2, hue = static_cast<double>(range.hue) / 2;
  std::vector<Draws> all, moved;
  for (auto row = values.begin(); row != values.end(); row += 9) {
    const bool affine = !std::equal(row, row + 6, unchanged.begin());
    all.push_back({(row[0] - 1) / linear, row[1] / linear, row[2] / shift, row[3] / linear, (row[4] - 1) / linear,
                   row[5] / shift, std::log2(row[6]) / saturation, row[7] / hue, 2 * row[8] - 1, affine ? 1.0 : -1.0});
    if (affine) moved.push_back(all.back());
  }
  ASSERT_GT(moved.size(), 9000U);
  for (std::size_t i = 0; i < 10; ++i) {
    const std::vector<Draws>& rows = i < 6 ? moved : all;
    const auto count = static_cast<double>(rows.size());
    const auto mean = [&](const auto& of) {
      double sum = 0;
      for (const Draws& row : rows) sum += of(row);
      return sum / count;
    };
    const auto variance = [](std::size_t of) { return of < 8 ? 1.0 / 3 : 1.0; };
    EXPECT_NEAR(mean([&](const Draws& row) { return row[i]; }), 0, 6.5 * std::sqrt(variance(i) / count)) << i;
    if (i < 8) {  // u^2 of a uniform u in +-1 has the variance 1/5 - 1/9
      EXPECT_NEAR(mean([&](const Draws& row) { return row[i] * row[i]; }), 1.0 / 3, 6.5 * std::sqrt(4 / 45.0 / count))
          << i;
    }
    for (std::size_t j = i + 1; j < (i < 6 ? 9U : 10U); ++j) {
      EXPECT_NEAR(mean([&](const Draws& row) { return row[i] * row[j]; }), 0,
                  6.5 * std::sqrt(variance(i) * variance(j) / count))
          << i << " and " << j;
    }
  }
}

TEST_P(DrawsOn, WithoutRangeNothingButTheMirrorChanges) {
  const std::vector<double> values = values_of(drawn(0, 50, GetParam(), {.perturb = 0, .saturation = 0, .hue = 0}));
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i % 9 == 8) continue;
    EXPECT_EQ(values[i], unchanged[i % 9]);
  }
}

TEST_P(DrawsOn, MoveTheShareThatIsAskedFor) {
  const auto moved = [&](float affine) {
    const std::vector<double> values = values_of(drawn(0, 4000, GetParam(), {.affine = affine}));
    int count = 0;
    for (std::size_t i = 0; i < values.size(); i += 9) {
      count += std::equal(&values[i], &values[i] + 6, unchanged.begin()) ? 0 : 1;
    }
    return count / 4000.0;
  };
  EXPECT_EQ(moved(0), 0);
  EXPECT_EQ(moved(1), 1);
  EXPECT_NEAR(moved(0.8F), 0.8, 0.025);
}

TEST_P(DrawsOn, AreThoseOfTheReference) {
  EXPECT_LT(relative_error(drawn(5, 200, GetParam()), drawn(5, 200, Device::reference)), 1e-6);
}

INSTANTIATE_TEST_SUITE_P(All, DrawsOn, ::testing::ValuesIn(all_devices()), DeviceName());

struct ImagesCase {
  const char* name;
  Shape pixels;
};

class DeformOn : public ::testing::TestWithParam<OnDevice<ImagesCase>> {};

TEST_P(DeformOn, EqualsReference) {
  const auto& [each, dtype, device] = GetParam();
  std::vector<std::int32_t> rows;  // out of order, and each image more than once
  for (std::int32_t n = 0; n < 11; ++n) rows.push_back(static_cast<std::int32_t>((n * 5 + 2) % each.pixels[0]));
  const Tensor parameters = drawn(0, 11, Device::reference);
  const Tensor pixels = random_bytes(each.pixels, Device::reference, 1);
  const Tensor expected = deformed(pixels, rows, parameters, dtype);
  const Tensor ours = deformed(on(device, pixels), rows, on(device, parameters), dtype);
  EXPECT_LT(relative_error(ours, expected), tolerance(dtype));
}

INSTANTIATE_TEST_SUITE_P(
    All, DeformOn,
    ::testing::Combine(::testing::Values(ImagesCase{"cifar", {4, 32, 32, 3}}, ImagesCase{"odd", {3, 7, 13, 3}},
                                         ImagesCase{"wide", {2, 5, 40, 3}}, ImagesCase{"one_row", {2, 1, 9, 3}},
                                         ImagesCase{"one_pixel", {2, 1, 1, 3}}),
                       ::testing::ValuesIn(activity_types()), ::testing::ValuesIn(compared_devices())),
    OnDeviceName());

class DeformDevice : public ::testing::TestWithParam<Device> {};

TEST_P(DeformDevice, IdentityScalesBytes) {
  const Tensor pixels = random_bytes({1, 9, 6, 3}, GetParam(), 2);
  std::vector<double> expected = values_of(pixels);
  for (double& value : expected) value /= 255;
  const Tensor parameters = tensor_of({1, 9}, unchanged, DType::float32, GetParam());
  EXPECT_LT(relative_error(values_of(deformed(pixels, {0}, parameters)), expected), 1e-6);
}

TEST_P(DeformDevice, MirrorComesLast) {
  const Tensor pixels = random_bytes({1, 8, 7, 3}, GetParam(), 3);
  std::vector<double> parameters = {1.1, 0.2, -0.3, 0.1, 0.9, 0.2, 1.7, 0.05, 0};
  const std::vector<double> plain =
      values_of(deformed(pixels, {0}, tensor_of({1, 9}, parameters, DType::float32, GetParam())));
  parameters[8] = 1;
  const std::vector<double> mirrored =
      values_of(deformed(pixels, {0}, tensor_of({1, 9}, parameters, DType::float32, GetParam())));
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const std::size_t row = i / 21;
    const std::size_t column = i / 3 % 7;
    // Pixels at the end of a row are worked on without vectors, which round otherwise.
    EXPECT_NEAR(mirrored[(row * 7 + 6 - column) * 3 + i % 3], plain[i], 1e-6);
  }
}

// A shift of one pixel in x: theta's unit is half of the distance between the outermost pixel centres.
TEST_P(DeformDevice, ShiftBringsZerosIn) {
  const Tensor pixels =
      tensor_of({1, 1, 3, 3}, {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9}, DType::float32, GetParam());
  const Tensor parameters = tensor_of({1, 9}, {1, 0, 1, 0, 1, 0, 1, 0, 0}, DType::float32, GetParam());
  EXPECT_LT(relative_error(values_of(deformed(pixels, {0}, parameters)), {0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0, 0, 0}),
            1e-6);
}

TEST_P(DeformDevice, ReadsNothingOutsideWhateverThePlace) {
  const Tensor pixels = random_bytes({1, 5, 4, 3}, GetParam(), 4);
  for (const double place : {std::nan(""), std::numeric_limits<double>::infinity(), -1e30, 1e30}) {
    const Tensor parameters = tensor_of({1, 9}, {place, 0, 0, 0, place, 0, 1, 0, 0}, DType::float32, GetParam());
    EXPECT_NO_THROW(values_of(deformed(pixels, {0}, parameters)));
  }
}

TEST_P(DeformDevice, HueTurnsRedToGreenAndSaturationGreysOut) {
  const Tensor pixels = tensor_of({1, 1, 1, 3}, {1, 0, 0}, DType::float32, GetParam());
  const auto turned = [&](double saturation, double hue) {
    const Tensor parameters = tensor_of({1, 9}, {1, 0, 0, 0, 1, 0, saturation, hue, 0}, DType::float32, GetParam());
    return values_of(deformed(pixels, {0}, parameters));
  };
  EXPECT_LT(relative_error(turned(1, 1.0 / 3), {0, 1, 0}), 1e-5);
  EXPECT_LT(relative_error(turned(1, -1.0 / 3), {0, 0, 1}), 1e-5);
  EXPECT_LT(relative_error(turned(0.25, 0), {1, 0.75, 0.75}), 1e-5);
  EXPECT_LT(relative_error(turned(4, 1.0 / 6), {1, 1, 0}), 1e-5);
}

TEST_P(DeformDevice, AgreesWithReferenceArrays) {
  const auto arrays = reference_case("deform");
  if (!arrays) GTEST_SKIP() << no_reference_arrays();
  const Tensor images = arrays->array("images", Device::cpu);
  const std::int64_t count = images.extent(0);
  const std::int64_t height = images.extent(2);
  const std::int64_t width = images.extent(3);
  const auto channels_last = [&](const Tensor& channels_first) {
    std::vector<double> values(static_cast<std::size_t>(images.size()));
    std::size_t at = 0;
    for (const double value : values_of(channels_first)) {
      const std::size_t plane = static_cast<std::size_t>(height * width);
      values[(at / (3 * plane) * plane + at % plane) * 3 + at / plane % 3] = value;
      ++at;
    }
    return values;
  };
  const std::vector<double> theta = values_of(arrays->array("theta", Device::cpu));
  std::vector<double> parameters;
  for (std::size_t n = 0; n < static_cast<std::size_t>(count); ++n) {
    parameters.insert(parameters.end(), theta.begin() + static_cast<std::ptrdiff_t>(6 * n),
                      theta.begin() + static_cast<std::ptrdiff_t>(6 * n + 6));
    for (const char* name : {"saturation_factor", "hue_shift", "flip"}) {
      parameters.push_back(values_of(arrays->array(name, Device::cpu))[n]);
    }
  }
  std::vector<std::int32_t> rows(static_cast<std::size_t>(count));
  std::iota(rows.begin(), rows.end(), 0);
  const Tensor pixels = tensor_of({count, height, width, 3}, channels_last(images), DType::float32, GetParam());
  const Tensor ours = deformed(pixels, rows, tensor_of({count, 9}, parameters, DType::float32, GetParam()));
  EXPECT_LT(relative_error(values_of(ours), channels_last(arrays->array("deformed", Device::cpu))), 1e-5);
}

INSTANTIATE_TEST_SUITE_P(All, DeformDevice, ::testing::ValuesIn(all_devices()), DeviceName());

}  // namespace
}  // namespace biossl
