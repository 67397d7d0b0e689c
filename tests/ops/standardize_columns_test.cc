#include <gtest/gtest.h>

#include "biossl/ops/ops.h"
#include "tests/support/devices.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using namespace biossl::testing;

constexpr double epsilon = 1e-3;

struct ColumnsCase {
  const char* name;
  Shape shape;
};

/// A matrix, its columns standardised, and an error that goes back through them.
struct Columns {
  Tensor src, dst, deviations, d_dst, d_src;

  Columns(const Shape& shape, DType dtype, Device device)
      : src(random_tensor(shape, dtype, device, 1)),
        dst(poisoned(shape, dtype, device)),
        deviations(poisoned({shape[1]}, dtype, device)),
        d_dst(random_tensor(shape, dtype, device, 2)),
        d_src(poisoned(shape, dtype, device)) {}

  void forward() { ops::standardize_columns(src, epsilon, dst, deviations); }
  void backward() { ops::standardize_columns_backward(d_dst, dst, deviations, d_src); }
};

class StandardizeColumnsOn : public ::testing::TestWithParam<OnDevice<ColumnsCase>> {};

TEST_P(StandardizeColumnsOn, EqualsReference) {
  const auto& [each, dtype, device] = GetParam();
  Columns ours(each.shape, dtype, device);
  Columns reference(each.shape, dtype, Device::reference);
  for (Columns* columns : {&ours, &reference}) {
    columns->forward();
    columns->backward();
  }
  EXPECT_LT(relative_error(ours.dst, reference.dst), tolerance(dtype));
  EXPECT_LT(relative_error(ours.deviations, reference.deviations), tolerance(dtype));
  EXPECT_LT(relative_error(ours.d_src, reference.d_src), tolerance(dtype));
}

INSTANTIATE_TEST_SUITE_P(
    All, StandardizeColumnsOn,
    ::testing::Combine(::testing::Values(ColumnsCase{"embeddings", {25, 64}}, ColumnsCase{"two_rows", {2, 64}},
                                         ColumnsCase{"odd", {7, 37}}, ColumnsCase{"narrow", {9, 1}}),
                       ::testing::Values(DType::float32), ::testing::ValuesIn(compared_devices())),
    OnDeviceName());

class StandardizeColumnsDevice : public ::testing::TestWithParam<Device> {};

TEST_P(StandardizeColumnsDevice, ColumnsOfEqualNumbersBecomeZero) {
  const Tensor src = tensor_of({2, 2}, {5, 1, 5, 3}, DType::float32, GetParam());
  Tensor dst = poisoned({2, 2}, DType::float32, GetParam());
  Tensor deviations = poisoned({2}, DType::float32, GetParam());
  ops::standardize_columns(src, 0.0625, dst, deviations);
  const double spread = 1.0307764064044151;  // sqrt(1 + 1/16)
  EXPECT_LT(relative_error(values_of(deviations), {0.25, spread}), 1e-6);
  EXPECT_LT(relative_error(values_of(dst), {0, -1 / spread, 0, 1 / spread}), 1e-6);
}

INSTANTIATE_TEST_SUITE_P(All, StandardizeColumnsDevice, ::testing::ValuesIn(all_devices()), DeviceName());

TEST(StandardizeColumns, DerivativeIsRight) {
  Columns columns({5, 4}, DType::float64, Device::reference);
  const std::vector<double> expected = numeric_derivative(columns.src, [&] {
    columns.forward();
    return inner_product(columns.dst, columns.d_dst);
  });
  columns.forward();
  columns.backward();
  EXPECT_LT(relative_error(values_of(columns.d_src), expected), 1e-8);
}

}  // namespace
}  // namespace biossl
