#include "biossl/network/convolution_block.h"

#include "biossl/core/error.h"
#include "biossl/ops/checks.h"
#include "biossl/ops/ops.h"

namespace biossl {
namespace {

// More than memory holds, and far from where products of them overflow.
constexpr std::int64_t most_channels = 1'000'000;
constexpr std::int64_t largest_kernel = 1'000;

/// suffix: of the keys of this axis.
void check_axis(const ConvAxis& axis, const char* suffix, const BlockSetup& setup, std::int64_t extent) {
  const auto& [kernel, stride, padding] = axis;
  const std::string& where = setup.where;
  check(kernel <= largest_kernel && stride <= largest_kernel, where,
        "kernel{3} = {0}, stride{3} = {1}; at most {2} are possible", kernel, stride, largest_kernel, suffix);
  check(kernel >= 1 && stride >= 1 && padding >= 0, where,
        "kernel{3} = {0}, stride{3} = {1}, padding{3} = {2} is impossible", kernel, stride, padding, suffix);
  check(padding < kernel, where, "padding{2} = {0} must be smaller than kernel{2} = {1}", padding, kernel, suffix);
  check_map(extent + 2 * padding >= kernel, where,
            "its input is {0}x{1}, too small for kernel{4} = {2} with padding{4} = {3}; pool less in the blocks before",
            setup.input[0], setup.input[1], kernel, padding, suffix);
}

const ConvolutionOptions& checked(const ConvolutionOptions& options, const BlockSetup& setup) {
  const std::string& where = setup.where;
  const std::int64_t channels = options.channels;
  const std::int64_t pool = options.pool;
  check(channels >= 1 && channels <= most_channels, where, "channels = {} must be between 1 and {}", channels,
        most_channels);
  check(pool >= 1 && pool <= largest_pool, where, "pool = {} must be between 1 (none) and {}", pool, largest_pool);
  const Conv2d conv = options.conv();
  check_axis(conv.horizontal(), "", setup, setup.input[1]);
  check_axis(conv.vertical(), conv.is_square() ? "" : "_height", setup, setup.input[0]);
  if (setup.synapses.device == Device::cuda) ops::require_square(setup.synapses.device, conv, where);
  return options;
}

}  // namespace

ConvolutionBlock::ConvolutionBlock(const ConvolutionOptions& options, const BlockSetup& setup)
    : options_(checked(options, setup)),
      activation_(activation_named(options.activation)),
      conv_(options.conv()),
      unpooled_{conv_.output_height(setup.input[0]), conv_.output_width(setup.input[1]), options.channels},
      synapses_(setup.synapses, setup.input, options.channels, conv_, options.bias, setup.index) {
  plan_.input = setup.input;
  plan_.output = {unpooled_[0] / options.pool, unpooled_[1] / options.pool, options.channels};
  check_map(plan_.output[0] >= 1 && plan_.output[1] >= 1, setup.where, "pool = {} shrinks its {}x{} map to nothing",
            options.pool, unpooled_[0], unpooled_[1]);
  const std::int64_t weights = options.channels * conv_.taps() * setup.input[2];
  plan_.parameters = weights + (options.bias ? options.channels : 0);
  plan_.operations = 2 * weights * unpooled_[0] * unpooled_[1];
  if (options.pool == 1) return;
  plan_.kept = {{.shape = plan_.output, .is_byte = true}};  // the pool's argmax
  plan_.forward_scratch = plan_.backward_scratch = unpooled_.size();
}

std::string ConvolutionBlock::description() const {
  const ConvAxis rows = conv_.vertical();
  std::string text = fmt::format("{}x{} convolution", rows.kernel, conv_.kernel);
  if (rows.stride != conv_.stride) {
    text += fmt::format(" /{}x{}", rows.stride, conv_.stride);
  } else if (conv_.stride > 1) {
    text += fmt::format(" /{}", conv_.stride);
  }
  if (options_.pool > 1) text += fmt::format(", max-pool {}", options_.pool);
  if (activation_ != Activation::none) text += fmt::format(", {}", name_of(activation_));
  return text;
}

void ConvolutionBlock::forward(const Tensor& input, Activity& activity, Mode /*mode*/) const {
  if (options_.pool == 1) return synapses_.forward(input, activation_, activity.output);
  // All nonlinearities are monotonic, so pooling first gives the same result and leaves them less to do.
  Tensor unpooled = activity.scratch.part(0, batch_of(input.extent(0), unpooled_));
  synapses_.forward_pooled(input, options_.pool, activation_, unpooled, activity.output, activity.kept[0]);
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
