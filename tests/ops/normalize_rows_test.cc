#include <gtest/gtest.h>

#include "biossl/ops/ops.h"
#include "tests/support/devices.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using namespace biossl::testing;

struct RowsCase {
  const char* name;
  Shape shape;
};

/// Rows, their directions and lengths, and an error that goes back through them.
struct Rows {
  Tensor src, dst, norms, d_dst, d_src;

  Rows(const Shape& shape, DType dtype, Device device)
      : src(random_tensor(shape, dtype, device, 1)),
        dst(poisoned(shape, dtype, device)),
        norms(poisoned({shape[0]}, dtype, device)),
        d_dst(random_tensor(shape, dtype, device, 2)),
        d_src(poisoned(shape, dtype, device)) {}

  void forward() { ops::normalize_rows(src, dst, norms); }
  void backward() { ops::normalize_rows_backward(d_dst, dst, norms, d_src); }
};

class NormalizeRowsOn : public ::testing::TestWithParam<OnDevice<RowsCase>> {};

TEST_P(NormalizeRowsOn, EqualsReference) {
  const auto& [each, dtype, device] = GetParam();
  Rows ours(each.shape, dtype, device);
  Rows reference(each.shape, dtype, Device::reference);
  for (Rows* rows : {&ours, &reference}) {
    rows->forward();
    rows->backward();
  }
  EXPECT_LT(relative_error(ours.dst, reference.dst), tolerance(dtype));
  EXPECT_LT(relative_error(ours.norms, reference.norms), tolerance(dtype));
  EXPECT_LT(relative_error(ours.d_src, reference.d_src), tolerance(dtype));
}

INSTANTIATE_TEST_SUITE_P(All, NormalizeRowsOn,
                         ::testing::Combine(::testing::Values(RowsCase{"embeddings", {12, 64}},
                                                              RowsCase{"one_row", {1, 64}}, RowsCase{"odd", {5, 37}}),
                                            ::testing::Values(DType::float32), ::testing::ValuesIn(compared_devices())),
                         OnDeviceName());

class NormalizeRowsDevice : public ::testing::TestWithParam<Device> {};

TEST_P(NormalizeRowsDevice, ZeroRowsStayZero) {
  const Tensor src = tensor_of({2, 2}, {0, 0, 3, 4}, DType::float32, GetParam());
  Tensor dst = poisoned({2, 2}, DType::float32, GetParam());
  Tensor norms = poisoned({2}, DType::float32, GetParam());
  Tensor d_src = poisoned({2, 2}, DType::float32, GetParam());
  ops::normalize_rows(src, dst, norms);
  EXPECT_LT(relative_error(values_of(dst), {0, 0, 0.6, 0.8}), 1e-6);
  EXPECT_EQ(values_of(norms), (std::vector<double>{0, 5}));
  ops::normalize_rows_backward(tensor_of({2, 2}, {1, 1, 1, 0}, DType::float32, GetParam()), dst, norms, d_src);
  EXPECT_LT(relative_error(values_of(d_src), {0, 0, 0.128, -0.096}), 1e-5);
}

INSTANTIATE_TEST_SUITE_P(All, NormalizeRowsDevice, ::testing::ValuesIn(all_devices()), DeviceName());

TEST(NormalizeRows, DerivativeIsRight) {
  Rows rows({3, 6}, DType::float64, Device::reference);
  const std::vector<double> expected = numeric_derivative(rows.src, [&] {
    rows.forward();
    return inner_product(rows.dst, rows.d_dst);
  });
  rows.forward();
  rows.backward();
  EXPECT_LT(relative_error(values_of(rows.d_src), expected), 1e-8);
}

}  // namespace
}  // namespace biossl
