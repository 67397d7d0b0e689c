#include "biossl/rules/inverse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/tensors.h"

namespace biossl {
namespace {

using testing::numeric_derivative;
using testing::random_tensor;
using testing::relative_error;
using testing::values_of;

ConvolutionOptions block_of(std::int64_t channels, std::int64_t pool, const Conv2d& conv = {}) {
  return {.channels = channels,
          .activation = "tanh",
          .pool = pool,
          .bias = false,
          .kernel = conv.kernel,
          .stride = conv.stride,
          .padding = conv.padding,
          .kernel_height = conv.kernel_height,
          .stride_height = conv.stride_height,
          .padding_height = conv.padding_height};
}

Conv2d geometry_of(const Shape& image, const ConvolutionOptions& options) {
  SynapsesSetup setup;
  setup.optimizer = OptimizerRegistry::instance().make("sgd", {});
  const ConvolutionBlock block(options, {.input = image, .synapses = setup, .index = 3, .where = "block"});
  return Inverse::geometry(block, 3);
}

void expect_geometry(const Conv2d& conv, std::int64_t kernel, std::int64_t stride, std::int64_t padding) {
  EXPECT_EQ(conv.kernel, kernel);
  EXPECT_EQ(conv.stride, stride);
  EXPECT_EQ(conv.padding, padding);
}

TEST(InverseGeometry, LeadsBackFromEveryBlockThatAllowsIt) {
  expect_geometry(geometry_of({32, 32, 3}, block_of(8, 1)), 3, 1, 1);
  expect_geometry(geometry_of({32, 32, 3}, block_of(8, 2)), 3, 2, 1);
  expect_geometry(geometry_of({9, 11, 3}, block_of(8, 2)), 3, 2, 0);  // the pool drops the last row and column
  expect_geometry(geometry_of({9, 11, 3}, block_of(8, 1, {3, 2, 1})), 3, 2, 1);
  expect_geometry(geometry_of({32, 32, 3}, block_of(8, 2, {5, 1, 2})), 5, 2, 2);
  expect_geometry(geometry_of({32, 32, 3}, block_of(8, 1, {5, 1, 0})), 5, 1, 0);
  expect_geometry(geometry_of({8, 8, 3}, block_of(8, 4)), 4, 4, 1);  // wide enough to reach every pixel
  expect_geometry(geometry_of({6, 6, 3}, block_of(8, 1, {1, 1, 0})), 3, 1, 1);
}

TEST(InverseGeometry, HasAxesOfItsOwnForABlockThatIsNotSquare) {
  const Conv2d conv = geometry_of({1, 8, 5}, block_of(8, 1, {2, 2, 0, 1, 1, 0}));
  EXPECT_EQ(conv, (Conv2d{3, 2, 1, 3, 1, 1}));
}

TEST(InverseGeometry, RefusesABlockThatNoneFits) {
  EXPECT_THAT(
      [] {
        geometry_of({9, 10, 3}, block_of(8, 2));
      },
      ::testing::ThrowsMessage<std::invalid_argument>(
          ::testing::HasSubstr("[dtp] block 3 takes maps of 9x10 to 4x5, and no padding lets a 3x3 transposed "
                               "convolution of stride 2 lead back")));
}

/// A pooled block and its inverse, in double.
struct Pair {
  SynapsesSetup setup;
  std::unique_ptr<ConvolutionBlock> block;
  std::unique_ptr<Inverse> inverse;
  Tensor input, output;

  explicit Pair(Activation activation) {
    setup.device = Device::reference;
    setup.dtype = DType::float64;
    setup.optimizer = OptimizerRegistry::instance().make("sgd", {});
    const BlockSetup its{.input = {6, 4, 3}, .synapses = setup, .index = 1, .where = "block"};
    block = std::make_unique<ConvolutionBlock>(block_of(5, 2), its);
    setup.optimizer = OptimizerRegistry::instance().make("adam", {});
    inverse = std::make_unique<Inverse>(*block, 1, activation, setup);
    input = random_tensor({2, 6, 4, 3}, DType::float64, Device::reference, 1);
    Activity activity = block->make_activity(2, DType::float64, Device::reference);
    block->forward(input, activity, Mode::evaluation);
    output = activity.output;
  }

  Tensor like_input() const { return {input.shape(), DType::float64, Device::reference}; }
  double loss() const {
    Tensor guess = like_input();
    inverse->forward(output, guess);
    double sum = 0;
    for (std::int64_t i = 0; i < guess.size(); ++i) {
      sum += std::pow(guess.data<double>()[i] - input.data<double>()[i], 2) / static_cast<double>(guess.size());
    }
    return sum;
  }
};

TEST(Inverse, UpdatesAreTheNumericDerivativesOfItsLoss) {
  for (const Activation activation : {Activation::none, Activation::tanh, Activation::hardtanh, Activation::relu}) {
    Pair pair(activation);
    Tensor error = pair.like_input();
    pair.inverse->learn(pair.output, pair.input, 0.0, error);
    TransposedConvolutionSynapses& synapses = pair.inverse->synapses();
    Tensor weights = synapses.weights().values();
    Tensor bias = synapses.bias();
    ASSERT_EQ(bias.shape(), Shape{3});
    const auto loss = [&] { return pair.loss(); };
    EXPECT_LT(relative_error(values_of(synapses.weight_update()), numeric_derivative(weights, loss)), 1e-7);
    EXPECT_LT(relative_error(values_of(synapses.bias_update()), numeric_derivative(bias, loss)), 1e-7);
  }
}

TEST(Inverse, PassesTheTargetDifferenceDown) {
  for (const Activation activation : {Activation::none, Activation::tanh, Activation::hardtanh, Activation::relu}) {
    const Pair pair(activation);
    const Tensor difference = random_tensor(pair.output.shape(), DType::float64, Device::reference, 2, 0.3F);
    Tensor target = pair.output.clone();
    for (std::int64_t i = 0; i < target.size(); ++i) target.data<double>()[i] += difference.data<double>()[i];
    Tensor at_output = pair.like_input();
    Tensor at_target = pair.like_input();
    pair.inverse->forward(pair.output, at_output);
    pair.inverse->forward(target, at_target);
    std::vector<double> expected = values_of(at_target);
    for (std::size_t i = 0; i < expected.size(); ++i) expected[i] -= values_of(at_output)[i];
    Tensor sums = pair.like_input();
    Tensor below = pair.like_input();
    pair.inverse->pass_down(pair.output, difference, sums, below);
    EXPECT_LT(relative_error(values_of(below), expected), 1e-12) << name_of(activation);
  }
}

TEST(Inverse, LearnsToInvert) {
  Pair pair(Activation::none);
  const double before = pair.loss();
  Tensor error = pair.like_input();
  for (int step = 0; step < 200; ++step) pair.inverse->learn(pair.output, pair.input, 1e-2, error);
  EXPECT_LT(pair.loss(), 0.6 * before);
  EXPECT_EQ(pair.inverse->synapses().steps(), 200);
}

TEST(Inverse, SendsErrorsBackAsItsAdjoint) {
  const Pair pair(Activation::none);
  const Tensor error = random_tensor(pair.input.shape(), DType::float64, Device::reference, 3);
  Tensor post = pair.like_input();
  pair.inverse->synapses().drive(pair.output, post);
  Tensor error_pre = pair.output.clone();
  pair.inverse->synapses().send_back(error, error_pre);
  EXPECT_NEAR(testing::inner_product(post, error), testing::inner_product(pair.output, error_pre), 1e-10);
}

// PyTorch draws a transposed convolution's weights by the channels it leads to.
TEST(Inverse, StartsUniformByTheChannelsItLeadsTo) {
  Pair pair(Activation::tanh);
  const double bound = 1.0 / std::sqrt(9.0 * 3.0);
  double largest = 0;
  for (const double weight : values_of(pair.inverse->synapses().weights().values())) {
    largest = std::max(largest, std::abs(weight));
  }
  EXPECT_LE(largest, bound);
  EXPECT_GT(largest, 0.9 * bound);
  EXPECT_NE(values_of(pair.inverse->synapses().weights().values()),
            values_of(pair.block->synapses().weights().values()));
}

TEST(Inverse, FilesHoldChannelsFirst) {
  Pair pair(Activation::tanh);
  const State state = pair.inverse->synapses().state("inverses.1.", true);
  ASSERT_GE(state.size(), 2U);
  EXPECT_EQ(state[0].name, "inverses.1.weight");
  EXPECT_EQ(state[0].channels_last, (Shape{5, 3, 3, 3}));
  EXPECT_EQ(state[0].file_shape, (Shape{5, 3, 3, 3}));
  EXPECT_EQ(state[1].name, "inverses.1.bias");
  EXPECT_EQ(state[1].file_shape, Shape{3});
}

}  // namespace
}  // namespace biossl
