#include <gtest/gtest.h>

#include "biossl/ops/ops.h"
#include "tests/support/devices.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using namespace biossl::testing;

class AddLoss : public ::testing::TestWithParam<Device> {};

TEST_P(AddLoss, TakesItsShareAndCountsRowsWithAnError) {
  Tensor totals = tensor_of({2}, {3, 4}, DType::float64, GetParam());
  const Tensor errors = tensor_of({4, 3}, {0, 0, 0, 0, 0, 1e-30, 0, 0, 0, -1, 2, 3}, DType::float32, GetParam());
  ops::add_loss(tensor_of({2}, {10, 77}, DType::float64, GetParam()), 0.25, errors, totals);
  EXPECT_EQ(values_of(totals), (std::vector<double>{5.5, 6}));
}

TEST_P(AddLoss, WithoutErrorsCountsWhatTheOperationCounted) {
  Tensor totals = tensor_of({2}, {3, 4}, DType::float64, GetParam());
  ops::add_loss(tensor_of({2}, {10, 77}, DType::float64, GetParam()), 0.25, {}, totals);
  EXPECT_EQ(values_of(totals), (std::vector<double>{5.5, 81}));
  const Tensor no_rows({0, 3}, DType::float32, GetParam());
  ops::add_loss(tensor_of({2}, {10, 77}, DType::float64, GetParam()), 0.25, no_rows, totals);
  EXPECT_EQ(values_of(totals), (std::vector<double>{8, 81}));
}

INSTANTIATE_TEST_SUITE_P(All, AddLoss, ::testing::ValuesIn(all_devices()), DeviceName());

}  // namespace
}  // namespace biossl
