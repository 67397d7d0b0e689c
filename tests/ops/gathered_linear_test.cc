#include <gtest/gtest.h>

#include "biossl/core/parallel.h"
#include "biossl/ops/ops.h"
#include "tests/support/devices.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using namespace biossl::testing;

struct GatheredCase {
  const char* name;
  Shape src;
  std::int64_t rows, outputs;
};

/// Every other row of src, backwards, and again from its end: some come twice.
std::vector<std::int32_t> chosen_rows(const GatheredCase& each) {
  std::vector<std::int32_t> rows;
  for (std::int64_t n = 0; n < each.rows; ++n) {
    rows.push_back(static_cast<std::int32_t>((2 * each.src[0] * each.rows - 1 - 2 * n) % each.src[0]));
  }
  return rows;
}

/// The arguments of both operations, from the same random numbers on every device.
struct GatheredLinear {
  Tensor src, rows, weights, bias, dst, d_dst, d_weights, d_bias;

  GatheredLinear(const GatheredCase& each, DType dtype, Device device) {
    const DType master = master_type(dtype);
    const Shape weight{each.outputs, each.src.row_size()};
    src = random_tensor(each.src, dtype, device, 1);
    rows = indices_of(chosen_rows(each), device);
    weights = random_tensor(weight, master, device, 2, 0.1F);
    bias = random_tensor({each.outputs}, master, device, 3);
    d_dst = random_tensor({each.rows, each.outputs}, master, device, 4);
    dst = poisoned({each.rows, each.outputs}, master, device);
    d_weights = poisoned(weight, master, device);
    d_bias = poisoned({each.outputs}, master, device);
  }

  void forward() { ops::gathered_linear_forward(src, rows, weights, bias, dst); }
  void backward_weights() { ops::gathered_linear_backward_weights(src, rows, d_dst, d_weights, d_bias); }
};

const std::vector<GatheredCase> gathered_cases = {
    {"probe", {70, 2100}, 67, 10},          {"maps", {9, 4, 4, 8}, 9, 10},
    {"odd_features", {40, 37}, 33, 7},      {"fewer_than_a_register", {5, 3}, 5, 3},
    {"hundred_outputs", {20, 80}, 18, 100}, {"one_output", {6, 64}, 3, 1},
    {"one_row", {4, 130}, 1, 11},           {"more_rows_than_src", {3, 48}, 50, 2},
    {"long_rows", {12, 4104}, 9, 10},       {"even_features", {30, 74}, 530, 9},
};

class GatheredLinearOn : public ::testing::TestWithParam<OnDevice<GatheredCase>> {
 protected:
  const GatheredCase& each = std::get<0>(GetParam());
  DType dtype = std::get<1>(GetParam());
  Device device = std::get<2>(GetParam());
  GatheredLinear ours{each, dtype, device};
  GatheredLinear reference{each, dtype, Device::reference};
};

// Nothing is rounded to bfloat16 on the way, so float32's tolerance holds for both types.
TEST_P(GatheredLinearOn, ForwardEqualsReference) {
  ours.forward();
  reference.forward();
  EXPECT_LT(relative_error(ours.dst, reference.dst), tolerance(DType::float32));
}

TEST_P(GatheredLinearOn, BackwardWeightsEqualsReference) {
  ours.backward_weights();
  reference.backward_weights();
  EXPECT_LT(relative_error(ours.d_weights, reference.d_weights), tolerance(DType::float32));
  EXPECT_LT(relative_error(ours.d_bias, reference.d_bias), tolerance(DType::float32));
}

// What a row is read from does not matter: a probe reads rows of a file into a batch of their own.
TEST_P(GatheredLinearOn, GatheredBeforehandGivesTheSameBits) {
  ours.forward();
  ours.backward_weights();
  GatheredLinear copied(each, dtype, device);
  Tensor batch(each.src.with_rows(each.rows), dtype, device);
  ops::gather_rows(copied.src, copied.rows, batch);
  std::vector<std::int32_t> in_order;
  for (std::int32_t n = 0; n < static_cast<std::int32_t>(each.rows); ++n) in_order.push_back(n);
  copied.src = batch;
  copied.rows = indices_of(in_order, device);
  copied.forward();
  copied.backward_weights();
  EXPECT_EQ(values_of(ours.dst), values_of(copied.dst));
  EXPECT_EQ(values_of(ours.d_weights), values_of(copied.d_weights));
}

INSTANTIATE_TEST_SUITE_P(All, GatheredLinearOn,
                         ::testing::Combine(::testing::ValuesIn(gathered_cases), ::testing::ValuesIn(activity_types()),
                                            ::testing::ValuesIn(compared_devices())),
                         OnDeviceName());

/// Sets the number of threads, and restores it.
class WithThreads {
 public:
  explicit WithThreads(int count) : before_(threads()) { set_threads(count); }
  WithThreads(const WithThreads&) = delete;
  WithThreads& operator=(const WithThreads&) = delete;
  ~WithThreads() { set_threads(before_); }

 private:
  int before_;
};

class GatheredLinearWithThreads : public GatheredLinearOn {};

TEST_P(GatheredLinearWithThreads, GivesTheSameBits) {
  const WithThreads three(3);
  ours.forward();
  ours.backward_weights();
  GatheredLinear alone(each, dtype, device);
  const WithThreads one(1);
  alone.forward();
  alone.backward_weights();
  EXPECT_EQ(values_of(ours.dst), values_of(alone.dst));
  EXPECT_EQ(values_of(ours.d_weights), values_of(alone.d_weights));
  EXPECT_EQ(values_of(ours.d_bias), values_of(alone.d_bias));
}

INSTANTIATE_TEST_SUITE_P(All, GatheredLinearWithThreads,
                         ::testing::Combine(::testing::ValuesIn(gathered_cases), ::testing::ValuesIn(activity_types()),
                                            ::testing::Values(Device::cpu)),
                         OnDeviceName());

TEST(GatheredLinear, DerivativesAreRight) {
  GatheredLinear linear({"numeric", {4, 2, 3}, 5, 3}, DType::float64, Device::reference);
  const auto loss = [&] {
    linear.forward();
    return inner_product(linear.dst, linear.d_dst);
  };
  const std::vector<double> by_weights = numeric_derivative(linear.weights, loss);
  const std::vector<double> by_bias = numeric_derivative(linear.bias, loss);
  linear.backward_weights();
  EXPECT_LT(relative_error(values_of(linear.d_weights), by_weights), 1e-8);
  EXPECT_LT(relative_error(values_of(linear.d_bias), by_bias), 1e-8);
}

}  // namespace
}  // namespace biossl
