#include <gtest/gtest.h>

#include "biossl/ops/ops.h"
#include "tests/support/devices.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using namespace biossl::testing;

struct LinearCase {
  const char* name;
  Shape src;
  std::int64_t out;
  bool bias;
  Activation activation;

  Shape dst() const { return {src[0], out}; }
  Shape weights() const { return {out, src.row_size()}; }
};

/// The arguments of a linear layer's three operations, from the same random numbers on every device.
struct Linear {
  LinearCase each;
  Tensor src, bias, d_dst;
  Weights weights;
  Tensor dst, d_src, d_weights, d_bias;

  Linear(const LinearCase& linear, DType dtype, Device device)
      : each(linear),
        src(random_tensor(each.src, dtype, device, 1)),
        d_dst(random_tensor(each.dst(), dtype, device, 2)),
        weights(random_tensor(each.weights(), master_type(dtype), device, 3, 0.1F)),
        dst(poisoned(each.dst(), dtype, device)),
        d_src(poisoned(each.src, dtype, device)),
        d_weights(poisoned(each.weights(), master_type(dtype), device)) {
    if (!each.bias) return;
    bias = random_tensor({each.out}, master_type(dtype), device, 4);
    d_bias = poisoned({each.out}, master_type(dtype), device);
  }

  void forward() { ops::linear_forward(src, weights, bias, each.activation, dst); }
  void backward_data() { ops::linear_backward_data(d_dst, weights, d_src); }
  void backward_weights() { ops::linear_backward_weights(src, d_dst, d_weights, d_bias); }
};

const std::vector<LinearCase> linear_cases = {
    {"head", {6, 4, 4, 64}, 64, false, Activation::none},
    {"probe", {7, 300}, 10, true, Activation::none},
    {"tanh_head", {5, 130}, 64, true, Activation::tanh},
    {"one_row", {1, 33}, 17, true, Activation::hardtanh},
    {"one_output", {9, 5}, 1, false, Activation::relu},
    {"more_rows_than_columns", {70, 24}, 36, true, Activation::relu},
};

class LinearOn : public ComputesOnDevice<LinearCase> {
 protected:
  const LinearCase& each = std::get<0>(GetParam());
  DType dtype = std::get<1>(GetParam());
  Device device = std::get<2>(GetParam());
  Linear ours{each, dtype, device};
  Linear reference{each, dtype, Device::reference};
};

TEST_P(LinearOn, ForwardEqualsReference) {
  ours.forward();
  reference.forward();
  EXPECT_LT(relative_error(ours.dst, reference.dst), tolerance(dtype));
}

TEST_P(LinearOn, ForwardToFloat32EqualsReference) {
  ours.dst = poisoned(each.dst(), DType::float32, device);
  reference.dst = poisoned(each.dst(), DType::float32, Device::reference);
  ours.forward();
  reference.forward();
  EXPECT_LT(relative_error(ours.dst, reference.dst), tolerance(dtype));
}

TEST_P(LinearOn, BackwardDataEqualsReference) {
  ours.backward_data();
  reference.backward_data();
  EXPECT_LT(relative_error(ours.d_src, reference.d_src), tolerance(dtype));
}

TEST_P(LinearOn, BackwardWeightsEqualsReference) {
  ours.backward_weights();
  reference.backward_weights();
  EXPECT_LT(relative_error(ours.d_weights, reference.d_weights), tolerance(dtype));
  EXPECT_LT(relative_error(ours.d_bias, reference.d_bias), tolerance(dtype));
}

// A backend may keep copies of the weights and primitives for a batch; neither may outlive what it was made for.
TEST_P(LinearOn, FollowsChangedWeightsAndOtherBatches) {
  ours.forward();
  ours.backward_data();
  for (Linear* linear : {&ours, &reference}) {
    const Tensor changed = random_tensor(each.weights(), DType::float32, linear->src.device(), 5, 0.1F);
    Tensor values = linear->weights.values();
    copy(changed, values);
    linear->weights.changed();
    const std::int64_t fewer = (each.src[0] + 1) / 2;
    linear->dst = linear->dst.rows(0, fewer);
    linear->d_src = linear->d_src.rows(0, fewer);
    linear->src = linear->src.rows(0, fewer);
    linear->d_dst = linear->d_dst.rows(0, fewer);
    linear->forward();
    linear->backward_data();
  }
  EXPECT_LT(relative_error(ours.dst, reference.dst), tolerance(dtype));
  EXPECT_LT(relative_error(ours.d_src, reference.d_src), tolerance(dtype));
}

INSTANTIATE_TEST_SUITE_P(All, LinearOn,
                         ::testing::Combine(::testing::ValuesIn(linear_cases), ::testing::ValuesIn(activity_types()),
                                            ::testing::ValuesIn(compared_devices())),
                         OnDeviceName());

TEST(Linear, DerivativesAreRight) {
  Linear linear({"numeric", {3, 2, 2, 2}, 4, true, Activation::none}, DType::float64, Device::reference);
  const auto loss = [&] {
    linear.forward();
    return inner_product(linear.dst, linear.d_dst);
  };
  Tensor values = linear.weights.values();
  const std::vector<double> by_src = numeric_derivative(linear.src, loss);
  const std::vector<double> by_weights = numeric_derivative(values, loss);
  const std::vector<double> by_bias = numeric_derivative(linear.bias, loss);
  linear.backward_data();
  linear.backward_weights();
  EXPECT_LT(relative_error(values_of(linear.d_src), by_src), 1e-8);
  EXPECT_LT(relative_error(values_of(linear.d_weights), by_weights), 1e-8);
  EXPECT_LT(relative_error(values_of(linear.d_bias), by_bias), 1e-8);
}

TEST(Linear, BackwardDataIsTheAdjoint) {
  Linear linear({"adjoint", {5, 12}, 7, false, Activation::none}, DType::float64, Device::reference);
  linear.forward();
  linear.backward_data();
  const double there = inner_product(linear.dst, linear.d_dst);
  EXPECT_NEAR(inner_product(linear.src, linear.d_src), there, 1e-10 * std::abs(there));
}

}  // namespace
}  // namespace biossl
