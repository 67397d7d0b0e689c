#include <gtest/gtest.h>

#include <thread>

#include "biossl/ops/checks.h"
#include "biossl/ops/ops.h"
#include "tests/support/devices.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using namespace biossl::testing;

struct ConvolutionCase {
  const char* name;
  Shape src;
  std::int64_t out;
  Conv2d conv;
  bool bias;
  Activation activation;

  Shape dst() const { return {src[0], conv.output_height(src[1]), conv.output_width(src[2]), out}; }
  Shape weights() const { return {out, conv.vertical().kernel, conv.kernel, src[3]}; }
};

/// The arguments of a convolution's three operations, from the same random numbers on every device.
struct Convolution {
  ConvolutionCase each;
  Tensor src, bias, d_dst;
  Weights weights;
  Tensor dst, d_src, d_weights, d_bias;

  Convolution(const ConvolutionCase& convolution, DType dtype, Device device)
      : each(convolution),
        src(random_tensor(each.src, dtype, device, 1)),
        d_dst(random_tensor(each.dst(), dtype, device, 2)),
        weights(random_tensor(each.weights(), master_type(dtype), device, 3, 0.2F)),
        dst(poisoned(each.dst(), dtype, device)),
        d_src(poisoned(each.src, dtype, device)),
        d_weights(poisoned(each.weights(), master_type(dtype), device)) {
    if (!each.bias) return;
    bias = random_tensor({each.out}, master_type(dtype), device, 4);
    d_bias = poisoned({each.out}, master_type(dtype), device);
  }

  void forward() { ops::conv2d_forward(src, weights, bias, each.conv, each.activation, dst); }
  void backward_data() { ops::conv2d_backward_data(d_dst, weights, each.conv, d_src); }
  void backward_weights() { ops::conv2d_backward_weights(src, d_dst, each.conv, d_weights, d_bias); }
};

const std::vector<ConvolutionCase> convolution_cases = {
    {"first_layer", {2, 8, 8, 3}, 32, {3, 1, 1}, false, Activation::hardtanh},
    {"blocks_of_16", {2, 8, 8, 32}, 64, {3, 1, 1}, false, Activation::none},
    {"odd", {3, 5, 7, 17}, 5, {3, 1, 1}, true, Activation::hardtanh},
    {"one_image", {1, 6, 6, 16}, 20, {3, 1, 1}, true, Activation::tanh},
    {"one_pixel", {2, 1, 1, 4}, 6, {3, 1, 1}, false, Activation::none},
    {"kernel_5", {2, 7, 9, 6}, 8, {5, 1, 2}, true, Activation::relu},
    {"stride_2", {2, 8, 8, 12}, 10, {3, 2, 1}, true, Activation::none},
    {"stride_2_odd", {2, 9, 7, 8}, 16, {3, 2, 1}, false, Activation::hardtanh},
    {"kernel_5_stride_2", {2, 8, 7, 3}, 6, {5, 2, 2}, true, Activation::tanh},
    {"kernel_1", {3, 4, 5, 9}, 7, {1, 1, 0}, false, Activation::relu},
    {"no_padding", {2, 6, 5, 4}, 4, {3, 1, 0}, true, Activation::none},
    // More than a GPU's block makes at once, of channels that can be read eight at a time and of others.
    {"several_tiles", {3, 14, 15, 24}, 72, {3, 1, 1}, true, Activation::tanh},
    // Convolutions that a CPU makes by Winograd's algorithm: products of every width, maps that fill their tiles and
    // others, tiles of several threads.
    {"winograd", {2, 8, 8, 64}, 64, {3, 1, 1}, true, Activation::hardtanh},
    {"winograd_edges", {3, 7, 11, 16}, 48, {3, 1, 1}, true, Activation::relu},
    {"winograd_many_tiles", {5, 8, 12, 32}, 96, {3, 1, 1}, false, Activation::none},
    {"winograd_of_one_image", {1, 3, 4, 80}, 16, {3, 1, 1}, true, Activation::none},
    {"several_tiles_of_odd_channels", {3, 14, 15, 17}, 33, {3, 2, 1}, true, Activation::hardtanh},
};

/// A GPU has none of these.
const std::vector<ConvolutionCase> oblong_cases = {
    {"kernel_1x2", {3, 1, 8, 8}, 64, {2, 2, 0, 1, 1, 0}, true, Activation::relu},
    {"kernel_1x2_of_blocks_of_16", {5, 1, 4, 64}, 32, {2, 2, 0, 1, 1, 0}, false, Activation::none},
    {"kernel_1x3_padded", {2, 4, 7, 5}, 6, {3, 1, 1, 1, 1, 0}, true, Activation::hardtanh},
    {"kernel_5x2_stride_3x1", {2, 9, 6, 17}, 9, {2, 1, 1, 5, 3, 2}, true, Activation::tanh},
};

class ConvolutionOn : public ComputesOnDevice<ConvolutionCase> {
 protected:
  const ConvolutionCase& each = std::get<0>(GetParam());
  DType dtype = std::get<1>(GetParam());
  Convolution ours{each, dtype, std::get<2>(GetParam())};
  Convolution reference{each, dtype, Device::reference};
};

TEST_P(ConvolutionOn, ForwardEqualsReference) {
  ours.forward();
  reference.forward();
  EXPECT_LT(relative_error(ours.dst, reference.dst), tolerance(dtype));
}

TEST_P(ConvolutionOn, BackwardDataEqualsReference) {
  ours.backward_data();
  reference.backward_data();
  EXPECT_LT(relative_error(ours.d_src, reference.d_src), tolerance(dtype));
}

TEST_P(ConvolutionOn, BackwardWeightsEqualsReference) {
  ours.backward_weights();
  reference.backward_weights();
  EXPECT_LT(relative_error(ours.d_weights, reference.d_weights), tolerance(dtype));
  EXPECT_LT(relative_error(ours.d_bias, reference.d_bias), tolerance(dtype));
}

// A backend may keep copies of the weights and primitives for a batch; neither may outlive what it was made for.
TEST_P(ConvolutionOn, FollowsChangedWeightsAndOtherBatches) {
  ours.forward();
  ours.backward_data();
  for (Convolution* convolution : {&ours, &reference}) {
    const Tensor changed = random_tensor(each.weights(), DType::float32, convolution->src.device(), 5, 0.2F);
    Tensor values = convolution->weights.values();
    copy(changed, values);
    convolution->weights.changed();
    const std::int64_t fewer = (each.src[0] + 1) / 2;
    Tensor dst = convolution->dst.rows(0, fewer);
    Tensor d_src = convolution->d_src.rows(0, fewer);
    ops::conv2d_forward(convolution->src.rows(0, fewer), convolution->weights, convolution->bias, each.conv,
                        each.activation, dst);
    ops::conv2d_backward_data(convolution->d_dst.rows(0, fewer), convolution->weights, each.conv, d_src);
    convolution->dst = dst;
    convolution->d_src = d_src;
  }
  EXPECT_LT(relative_error(ours.dst, reference.dst), tolerance(dtype));
  EXPECT_LT(relative_error(ours.d_src, reference.d_src), tolerance(dtype));
}

// A backend's copies of the weights outlive the thread that made them.
TEST_P(ConvolutionOn, AnotherThreadGoesOnWithChangedWeights) {
  std::thread([&] {
    ours.forward();
    ours.backward_data();
    ours.weights.changed();
  }).join();
  ours.forward();
  ours.backward_data();
  reference.forward();
  reference.backward_data();
  EXPECT_LT(relative_error(ours.dst, reference.dst), tolerance(dtype));
  EXPECT_LT(relative_error(ours.d_src, reference.d_src), tolerance(dtype));
}

INSTANTIATE_TEST_SUITE_P(All, ConvolutionOn,
                         ::testing::Combine(::testing::ValuesIn(convolution_cases),
                                            ::testing::ValuesIn(activity_types()),
                                            ::testing::ValuesIn(compared_devices())),
                         OnDeviceName());

INSTANTIATE_TEST_SUITE_P(Oblong, ConvolutionOn,
                         ::testing::Combine(::testing::ValuesIn(oblong_cases), ::testing::ValuesIn(activity_types()),
                                            ::testing::Values(Device::cpu)),
                         OnDeviceName());

class ConvolutionDerivative : public ::testing::TestWithParam<ConvolutionCase> {};

// <conv(x), y> == <x, backward_data(y)> for any weights, which is what a feedback path relies on.
TEST_P(ConvolutionDerivative, BackwardDataIsTheAdjoint) {
  ConvolutionCase linear = GetParam();
  linear.bias = false;
  linear.activation = Activation::none;
  Convolution convolution(linear, DType::float64, Device::reference);
  convolution.forward();
  convolution.backward_data();
  const double there = inner_product(convolution.dst, convolution.d_dst);
  EXPECT_NEAR(inner_product(convolution.src, convolution.d_src), there, 1e-10 * std::abs(there));
}

INSTANTIATE_TEST_SUITE_P(All, ConvolutionDerivative, ::testing::ValuesIn(convolution_cases), CaseName());
INSTANTIATE_TEST_SUITE_P(Oblong, ConvolutionDerivative, ::testing::ValuesIn(oblong_cases), CaseName());

const std::vector<ConvolutionCase> small_cases = {
    {"kernel_3", {2, 4, 5, 2}, 3, {3, 1, 1}, true, Activation::none},
    {"kernel_3_stride_2", {2, 5, 4, 2}, 3, {3, 2, 1}, true, Activation::none},
    {"kernel_5", {1, 5, 6, 2}, 2, {5, 1, 2}, true, Activation::none},
    {"kernel_5_stride_2", {1, 6, 5, 2}, 2, {5, 2, 2}, true, Activation::none},
    {"kernel_1x2_stride_2", {2, 1, 6, 3}, 2, {2, 2, 0, 1, 1, 0}, true, Activation::none},
    {"kernel_5x2_stride_3x1", {2, 7, 4, 2}, 3, {2, 1, 1, 5, 3, 2}, true, Activation::none},
};

class ConvolutionNumeric : public ::testing::TestWithParam<ConvolutionCase> {};

TEST_P(ConvolutionNumeric, DerivativesAreRight) {
  Convolution convolution(GetParam(), DType::float64, Device::reference);
  const auto loss = [&] {
    convolution.forward();
    return inner_product(convolution.dst, convolution.d_dst);
  };
  Tensor values = convolution.weights.values();
  const std::vector<double> by_src = numeric_derivative(convolution.src, loss);
  const std::vector<double> by_weights = numeric_derivative(values, loss);
  const std::vector<double> by_bias = numeric_derivative(convolution.bias, loss);
  convolution.backward_data();
  convolution.backward_weights();
  EXPECT_LT(relative_error(values_of(convolution.d_src), by_src), 1e-8);
  EXPECT_LT(relative_error(values_of(convolution.d_weights), by_weights), 1e-8);
  EXPECT_LT(relative_error(values_of(convolution.d_bias), by_bias), 1e-8);
}

INSTANTIATE_TEST_SUITE_P(All, ConvolutionNumeric, ::testing::ValuesIn(small_cases), CaseName());

TEST(Conv2d, IsSquareUnlessItsHeightDiffers) {
  EXPECT_EQ((Conv2d{3, 2, 1}), (Conv2d{3, 2, 1, 3, 2, 1}));
  EXPECT_TRUE((Conv2d{3, 2, 1, 3, 2, 1}).is_square());
  EXPECT_FALSE((Conv2d{3, 2, 1, 3, 2, 0}).is_square());
  EXPECT_EQ((Conv2d{2, 2, 0, 1, 1, 0}).taps(), 2);
  EXPECT_NO_THROW(ops::require_square(Device::cuda, {3, 2, 1, 3, 2, 1}, "block"));
  EXPECT_NO_THROW(ops::require_square(Device::cpu, {2, 2, 0, 1, 1, 0}, "block"));
  EXPECT_THROW(ops::require_square(Device::cuda, {2, 2, 0, 1, 1, 0}, "block"), std::invalid_argument);
}

}  // namespace
}  // namespace biossl
