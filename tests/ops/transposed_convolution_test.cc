#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "biossl/core/parallel.h"
#include "biossl/ops/ops.h"
#include "tests/support/devices.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using namespace biossl::testing;

/// From `in` channels back to maps `dst` (N, H, W, I), where conv leads the other way.
struct TransposedCase {
  const char* name;
  Shape dst;
  std::int64_t in;
  Conv2d conv;
  bool bias;
  Activation activation;

  Shape src() const { return {dst[0], conv.output_height(dst[1]), conv.output_width(dst[2]), in}; }
  Shape weights() const { return {in, conv.vertical().kernel, conv.kernel, dst[3]}; }
};

/// The arguments of both operations, from the same random numbers on every device.
struct Transposed {
  TransposedCase each;
  Tensor src, bias, d_dst;
  Weights weights;
  Tensor dst, d_weights, d_bias;

  Transposed(const TransposedCase& transposed, DType dtype, Device device)
      : each(transposed),
        src(random_tensor(each.src(), dtype, device, 1)),
        d_dst(random_tensor(each.dst, dtype, device, 2)),
        weights(random_tensor(each.weights(), master_type(dtype), device, 3, 0.2F)),
        dst(poisoned(each.dst, dtype, device)),
        d_weights(poisoned(each.weights(), master_type(dtype), device)) {
    if (!each.bias) return;
    bias = random_tensor({each.dst[3]}, master_type(dtype), device, 4);
    d_bias = poisoned({each.dst[3]}, master_type(dtype), device);
  }

  void forward() { ops::transposed_conv2d_forward(src, weights, bias, each.conv, each.activation, dst); }
  void backward_weights() { ops::transposed_conv2d_backward_weights(src, d_dst, each.conv, d_weights, d_bias); }
};

const std::vector<TransposedCase> transposed_cases = {
    {"from_a_pooled_block", {2, 8, 8, 32}, 64, {3, 2, 1}, true, Activation::tanh},
    {"from_an_unpooled_block", {2, 8, 6, 16}, 32, {3, 1, 1}, true, Activation::tanh},
    {"odd_maps", {3, 9, 7, 5}, 17, {3, 2, 0}, true, Activation::hardtanh},
    {"many_pixels", {5, 32, 32, 7}, 3, {3, 2, 1}, true, Activation::relu},
    {"no_bias", {2, 6, 8, 12}, 10, {3, 2, 1}, false, Activation::none},
    {"activation_alone", {2, 6, 8, 12}, 10, {3, 2, 1}, false, Activation::tanh},
    {"bias_alone", {1, 4, 4, 3}, 6, {3, 1, 1}, true, Activation::none},
    {"kernel_5_stride_3", {2, 9, 9, 4}, 6, {5, 3, 1}, true, Activation::tanh},
    {"an_edge_that_nothing_reaches", {2, 8, 10, 4}, 6, {3, 3, 0}, true, Activation::tanh},
    {"kernel_4_stride_4", {2, 12, 8, 6}, 5, {4, 4, 0}, true, Activation::tanh},
};

/// A GPU has none of these.
const std::vector<TransposedCase> oblong_cases = {
    {"kernel_1x2", {3, 1, 8, 8}, 16, {2, 2, 0, 1, 1, 0}, true, Activation::tanh},
    {"kernel_5x3_stride_3x2", {2, 9, 7, 4}, 6, {3, 2, 1, 5, 3, 1}, true, Activation::none},
};

class TransposedConvolutionOn : public ComputesOnDevice<TransposedCase> {
 protected:
  const TransposedCase& each = std::get<0>(GetParam());
  DType dtype = std::get<1>(GetParam());
  Transposed ours{each, dtype, std::get<2>(GetParam())};
  Transposed reference{each, dtype, Device::reference};
};

TEST_P(TransposedConvolutionOn, ForwardEqualsReference) {
  ours.forward();
  reference.forward();
  EXPECT_LT(relative_error(ours.dst, reference.dst), tolerance(dtype));
}

TEST_P(TransposedConvolutionOn, BackwardWeightsEqualsReference) {
  ours.backward_weights();
  reference.backward_weights();
  EXPECT_LT(relative_error(ours.d_weights, reference.d_weights), tolerance(dtype));
  EXPECT_LT(relative_error(ours.d_bias, reference.d_bias), tolerance(dtype));
}

INSTANTIATE_TEST_SUITE_P(All, TransposedConvolutionOn,
                         ::testing::Combine(::testing::ValuesIn(transposed_cases),
                                            ::testing::ValuesIn(activity_types()),
                                            ::testing::ValuesIn(compared_devices())),
                         OnDeviceName());

INSTANTIATE_TEST_SUITE_P(Oblong, TransposedConvolutionOn,
                         ::testing::Combine(::testing::ValuesIn(oblong_cases), ::testing::ValuesIn(activity_types()),
                                            ::testing::Values(Device::cpu)),
                         OnDeviceName());

class TransposedConvolution : public ::testing::TestWithParam<TransposedCase> {};

// <transposed(x), y> == <x, conv(y)> with the same weights.
TEST_P(TransposedConvolution, IsTheConvolutionsAdjoint) {
  TransposedCase linear = GetParam();
  linear.bias = false;
  linear.activation = Activation::none;
  Transposed transposed(linear, DType::float64, Device::reference);
  transposed.forward();
  Tensor forward = poisoned(linear.src(), DType::float64, Device::reference);
  ops::conv2d_forward(transposed.d_dst, transposed.weights, {}, linear.conv, Activation::none, forward);
  const double there = inner_product(transposed.dst, transposed.d_dst);
  EXPECT_NEAR(inner_product(transposed.src, forward), there, 1e-10 * std::abs(there));
}

TEST_P(TransposedConvolution, UpdatesAreTheNumericDerivatives) {
  TransposedCase small = GetParam();
  small.dst = {2, small.dst[1] > 9 ? 8 : small.dst[1], small.dst[2] > 9 ? 8 : small.dst[2], 2};
  small.in = 3;
  small.activation = Activation::none;
  Transposed transposed(small, DType::float64, Device::reference);
  const auto loss = [&] {
    transposed.forward();
    return inner_product(transposed.dst, transposed.d_dst);
  };
  Tensor values = transposed.weights.values();
  const std::vector<double> by_weights = numeric_derivative(values, loss);
  transposed.backward_weights();
  EXPECT_LT(relative_error(values_of(transposed.d_weights), by_weights), 1e-8);
  if (!small.bias) return;
  EXPECT_LT(relative_error(values_of(transposed.d_bias), numeric_derivative(transposed.bias, loss)), 1e-8);
}

INSTANTIATE_TEST_SUITE_P(All, TransposedConvolution, ::testing::ValuesIn(transposed_cases), CaseName());
INSTANTIATE_TEST_SUITE_P(Oblong, TransposedConvolution, ::testing::ValuesIn(oblong_cases), CaseName());

TEST(TransposedConvolutionArguments, AreChecked) {
  const auto floats = [](const Shape& shape) { return Tensor(shape, DType::float32, Device::reference); };
  const auto refusal = [&](const Shape& src, const Shape& weights, const Shape& bias, const Shape& shape) {
    try {
      Tensor dst = floats(shape);
      ops::transposed_conv2d_forward(floats(src), Weights(floats(weights)), floats(bias), {3, 2, 1}, Activation::none,
                                     dst);
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string("none");
  };
  EXPECT_EQ(refusal({2, 4, 4, 6}, {6, 3, 3, 5}, {5}, {2, 8, 8, 5}), "none");
  EXPECT_EQ(refusal({2, 4, 4, 5}, {6, 3, 3, 5}, {5}, {2, 8, 8, 5}),
            "[transposed_conv2d_forward] src has 5 channels, weights expect 6");
  EXPECT_EQ(refusal({2, 4, 4, 6}, {6, 3, 3, 5}, {6}, {2, 8, 8, 5}),
            "[transposed_conv2d_forward] bias is (6), expected (5)");
  EXPECT_EQ(refusal({2, 4, 4, 6}, {6, 3, 3, 5}, {5}, {2, 9, 8, 5}),
            "[transposed_conv2d_forward] src is (2, 4, 4, 6), expected (2, 5, 4, 6)");
  EXPECT_EQ(refusal({2, 4, 4, 6}, {6, 3, 3, 5}, {5}, {3, 8, 8, 5}),
            "[transposed_conv2d_forward] dst is (3, 8, 8, 5), expected (2, 8, 8, 5)");
}

TEST(TransposedConvolutionOnThreads, GivesTheSameBytes) {
  const int before = threads();
  std::optional<std::vector<double>> first;
  for (const int count : {1, 2, 5}) {
    set_threads(count);
    Transposed transposed({"", {9, 32, 32, 7}, 3, {3, 2, 1}, true, Activation::relu}, DType::float32, Device::cpu);
    transposed.backward_weights();
    const std::vector<double> sums = values_of(transposed.d_bias);
    EXPECT_EQ(sums, first.value_or(sums)) << count;
    first = sums;
  }
  set_threads(before);
}

TEST(TransposedConvolutionArguments, AnEmptyBatchGivesNoUpdate) {
  for (const Device device : all_devices()) {
    const Tensor src({0, 2, 2, 6}, DType::float32, device);
    Tensor dst({0, 4, 4, 5}, DType::float32, device);
    Tensor d_weights = poisoned({6, 3, 3, 5}, DType::float32, device);
    Tensor d_bias = poisoned({5}, DType::float32, device);
    ops::transposed_conv2d_forward(src, Weights(d_weights.clone()), {}, {3, 2, 1}, Activation::tanh, dst);
    ops::transposed_conv2d_backward_weights(src, dst, {3, 2, 1}, d_weights, d_bias);
    EXPECT_EQ(values_of(d_weights), std::vector<double>(270, 0.0));
    EXPECT_EQ(values_of(d_bias), std::vector<double>(5, 0.0));
  }
}

}  // namespace
}  // namespace biossl
