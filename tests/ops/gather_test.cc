#include <gtest/gtest.h>

#include <cmath>

#include "biossl/ops/ops.h"
#include "tests/support/devices.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using namespace biossl::testing;

struct GatherCase {
  const char* name;
  Shape shape;
  std::vector<std::int32_t> rows;

  Shape dst() const { return shape.with_rows(static_cast<std::int64_t>(rows.size())); }
};

class GatherOn : public ::testing::TestWithParam<OnDevice<GatherCase>> {};

TEST_P(GatherOn, UnitRangeEqualsReference) {
  const auto& [each, dtype, device] = GetParam();
  const Tensor pixels = random_bytes(each.shape, Device::reference, 1);
  Tensor expected = poisoned(each.dst(), dtype, Device::reference);
  Tensor ours = poisoned(each.dst(), dtype, device);
  ops::unit_range(pixels, indices_of(each.rows, Device::reference), expected);
  ops::unit_range(on(device, pixels), indices_of(each.rows, device), ours);
  EXPECT_LT(relative_error(ours, expected), tolerance(dtype));
}

TEST_P(GatherOn, GatherRowsEqualsReference) {
  const auto& [each, dtype, device] = GetParam();
  const Tensor src = random_tensor(each.shape, dtype, Device::reference, 1);
  Tensor expected = poisoned(each.dst(), dtype, Device::reference);
  Tensor ours = poisoned(each.dst(), dtype, device);
  ops::gather_rows(src, indices_of(each.rows, Device::reference), expected);
  ops::gather_rows(on(device, src), indices_of(each.rows, device), ours);
  EXPECT_EQ(values_of(ours), values_of(expected));
}

TEST_P(GatherOn, ConvertEqualsReference) {
  const auto& [each, dtype, device] = GetParam();
  for (const DType other : activity_types()) {
    const Tensor src = random_tensor(each.shape, other, Device::reference, 2);
    Tensor expected = poisoned(each.shape, dtype, Device::reference);
    Tensor ours = poisoned(each.shape, dtype, device);
    ops::convert(src, expected);
    ops::convert(on(device, src), ours);
    EXPECT_EQ(values_of(ours), values_of(expected)) << "from " << name_of(other);
  }
}

INSTANTIATE_TEST_SUITE_P(All, GatherOn,
                         ::testing::Combine(::testing::Values(GatherCase{"images", {5, 4, 6, 3}, {4, 0, 2, 2, 1, 3, 0}},
                                                              GatherCase{"embeddings", {3, 37}, {2}},
                                                              GatherCase{"labels", {6}, {5, 4, 0}}),
                                            ::testing::ValuesIn(activity_types()),
                                            ::testing::ValuesIn(compared_devices())),
                         OnDeviceName());

class GatherDevice : public ::testing::TestWithParam<Device> {};

TEST_P(GatherDevice, GathersBytesAndIndices) {
  Tensor bytes = poisoned({2, 2}, DType::uint8, GetParam());
  ops::gather_rows(bytes_of({3, 2}, {1, 2, 3, 4, 5, 6}, GetParam()), indices_of({2, 0}, GetParam()), bytes);
  EXPECT_EQ(values_of(bytes), (std::vector<double>{5, 6, 1, 2}));
  Tensor labels({3}, DType::int32, GetParam());
  ops::gather_rows(indices_of({7, 8, 9}, GetParam()), indices_of({1, 1, 2}, GetParam()), labels);
  EXPECT_EQ(values_of(labels), (std::vector<double>{8, 8, 9}));
}

TEST_P(GatherDevice, MovesRowsOfAnyType) {
  Tensor bytes = bytes_of({4, 2}, {1, 2, 3, 4, 5, 6, 7, 8}, GetParam());
  ops::scatter_rows(indices_of({3, 2}, GetParam()), indices_of({0, 1}, GetParam()), bytes);
  EXPECT_EQ(values_of(bytes), (std::vector<double>{7, 8, 5, 6, 5, 6, 7, 8}));
  for (const DType dtype : activity_types()) {
    Tensor maps = tensor_of({3, 1, 2, 1}, {1, 2, 3, 4, 5, 6}, dtype, GetParam());
    ops::scatter_rows(indices_of({0}, GetParam()), indices_of({2}, GetParam()), maps);
    EXPECT_EQ(values_of(maps), (std::vector<double>{1, 2, 3, 4, 1, 2}));
    ops::scatter_rows(indices_of({}, GetParam()), indices_of({}, GetParam()), maps);
    EXPECT_EQ(values_of(maps), (std::vector<double>{1, 2, 3, 4, 1, 2}));
  }
}

// To nearest, ties to even; what lies between two bfloat16 numbers goes to the nearer.
TEST_P(GatherDevice, ConvertRounds) {
  const double step = std::ldexp(1.0, -7);
  const Tensor src =
      tensor_of({4}, {1 + step / 2, 1 + 3 * step / 2, 1 + 0.6 * step, -1e38}, DType::float32, GetParam());
  Tensor dst = poisoned({4}, DType::bfloat16, GetParam());
  ops::convert(src, dst);
  EXPECT_EQ(values_of(dst)[0], 1);
  EXPECT_EQ(values_of(dst)[1], 1 + 2 * step);
  EXPECT_EQ(values_of(dst)[2], 1 + step);
  EXPECT_NEAR(values_of(dst)[3], -1e38, 4e35);
}

TEST_P(GatherDevice, UnitRangeReachesItsEnds) {
  Tensor dst = poisoned({1, 3}, DType::float32, GetParam());
  ops::unit_range(bytes_of({1, 3}, {0, 51, 255}, GetParam()), indices_of({0}, GetParam()), dst);
  EXPECT_LT(relative_error(values_of(dst), {0, 0.2, 1}), 1e-7);
}

INSTANTIATE_TEST_SUITE_P(All, GatherDevice, ::testing::ValuesIn(all_devices()), DeviceName());

}  // namespace
}  // namespace biossl
