#include "biossl/network/convolution_block.h"

#include "biossl/core/error.h"
#include "biossl/ops/ops.h"

namespace biossl {
namespace {

// More than memory holds, and far from where products of them overflow.
constexpr std::int64_t most_channels = 1'000'000;
constexpr std::int64_t largest_kernel = 1'000;

const ConvolutionOptions& checked(const ConvolutionOptions& options, const BlockSetup& setup) {
  const std::string& where = setup.where;
  const auto& [channels, activation, pool, bias, kernel, stride, padding] = options;
  check(channels >= 1 && channels <= most_channels, where, "channels = {} must be between 1 and {}", channels,
        most_channels);
  check(pool >= 1 && pool <= largest_pool, where, "pool = {} must be between 1 (none) and {}", pool, largest_pool);
  check(kernel <= largest_kernel && stride <= largest_kernel, where,
        "kernel = {}, stride = {}; at most {} are possible", kernel, stride, largest_kernel);
  check(kernel >= 1 && stride >= 1 && padding >= 0, where, "kernel = {}, stride = {}, padding = {} is impossible",
        kernel, stride, padding);
  check(padding < kernel, where, "padding = {} must be smaller than kernel = {}", padding, kernel);
  const Shape& input = setup.input;
  check(input[0] + 2 * padding >= kernel && input[1] + 2 * padding >= kernel, where,
        "its input is {}x{}, too small for kernel = {} with padding = {}; pool less in the blocks before", input[0],
        input[1], kernel, padding);
  return options;
}

}  // namespace

ConvolutionBlock::ConvolutionBlock(const ConvolutionOptions& options, const BlockSetup& setup)
    : options_(checked(options, setup)),
      activation_(activation_named(options.activation)),
      conv_{options.kernel, options.stride, options.padding},
      unpooled_{conv_.output_extent(setup.input[0]), conv_.output_extent(setup.input[1]), options.channels},
      synapses_(setup.synapses, setup.input, options.channels, conv_, options.bias, setup.index) {
  plan_.input = setup.input;
  plan_.output = {unpooled_[0] / options.pool, unpooled_[1] / options.pool, options.channels};
  check(plan_.output[0] >= 1 && plan_.output[1] >= 1, setup.where, "pool = {} shrinks its {}x{} map to nothing",
        options.pool, unpooled_[0], unpooled_[1]);
  const std::int64_t weights = options.channels * options.kernel * options.kernel * setup.input[2];
  plan_.parameters = weights + (options.bias ? options.channels : 0);
  plan_.operations = 2 * weights * unpooled_[0] * unpooled_[1];
  if (options.pool == 1) return;
  plan_.kept = {{.shape = plan_.output, .is_byte = true}};  // the pool's argmax
  plan_.forward_scratch = plan_.backward_scratch = unpooled_.size();
  plan_.output_may_replace_input = true;
}

std::string ConvolutionBlock::description() const {
  std::string text = fmt::format("{0}x{0} convolution", conv_.kernel);
  if (conv_.stride > 1) text += fmt::format(" /{}", conv_.stride);
  if (options_.pool > 1) text += fmt::format(", max-pool {}", options_.pool);
  if (activation_ != Activation::none) text += fmt::format(", {}", name_of(activation_));
  return text;
}

void ConvolutionBlock::forward(const Tensor& input, Activity& activity, Mode /*mode*/) const {
  if (options_.pool == 1) return synapses_.forward(input, activation_, activity.output);
  // All nonlinearities are monotonic, so pooling first gives the same result and leaves them less to do.
  Tensor unpooled = activity.scratch.part(0, batch_of(input.extent(0), unpooled_));
  synapses_.forward(input, Activation::none, unpooled);
  ops::max_pool_forward(unpooled, options_.pool, activation_, activity.output, activity.kept[0]);
}

PooledError ConvolutionBlock::pooled(const BlockStep& step) const {
  if (options_.pool == 1) return step.error;
  return {step.error, step.activity.kept[0], options_.pool, step.scratch};
}

void ConvolutionBlock::backward(BlockStep& step, Tensor& error_input) {
  if (activation_ != Activation::none) {
    ops::activation_backward(step.error, step.activity.output, activation_, step.error);
  }
  if (!error_input.empty()) synapses_.send_back(pooled(step), error_input);
}

void ConvolutionBlock::learn(BlockStep& step, const UpdateOptions& options) {
  synapses_.learn(step.input, pooled(step), options);
}

namespace {

const Registration<BlockRegistry, ConvolutionBlock, ConvolutionOptions> registration(
    "convolution", "convolution, max-pool, nonlinearity");

}  // namespace
}  // namespace biossl
