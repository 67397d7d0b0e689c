#include <algorithm>

#include "biossl/network/convolution_block.h"
#include "biossl/ops/elementwise.h"
#include "biossl/ops/ops.h"

// A kind of block (docs/extending.md): two convolutions beside a shortcut, He et al. 2016.
namespace biossl {
namespace {

struct ResidualOptions {
  std::int64_t channels = 32;
  std::int64_t stride = 1;

  template <class Visitor>
  void visit(Visitor& field) {
    field("channels", channels, "output maps of both convolutions");
    field("stride", stride, "steps of the first convolution and of the shortcut");
  }
};

/// output = relu(W2 * relu(W1 * x) + shortcut(x)): 3x3 convolutions with biases; the shortcut is x itself, or where the
/// shapes differ a 1x1 convolution of x. Within the block errors cross layers over the feedback paths of its layers.
class Residual final : public Block {
 public:
  Residual(const ResidualOptions& options, const BlockSetup& setup)
      : first_({.channels = options.channels, .activation = "relu", .bias = true, .stride = options.stride}, setup),
        second_({.channels = options.channels, .bias = true}, inner(setup, 1, first_.plan().output)) {
    ops::require_host(setup.synapses.device, "residual block");
    plan_ = second_.plan();
    plan_.input = setup.input;
    if (setup.input != plan_.output) {
      const ConvolutionOptions one{.channels = options.channels, .kernel = 1, .stride = options.stride, .padding = 0};
      shortcut_ = std::make_unique<ConvolutionBlock>(one, inner(setup, 2, setup.input));
    }
    for (const ConvolutionBlock* part : {&first_, shortcut_.get()}) {
      plan_.parameters += part == nullptr ? 0 : part->plan().parameters;
      plan_.operations += part == nullptr ? 0 : part->plan().operations;
    }
    plan_.kept = {{.shape = first_.plan().output}};
    plan_.forward_scratch = plan_.output.size();
    plan_.backward_scratch = first_.plan().output.size() + setup.input.size();
  }

  const BlockPlan& plan() const override { return plan_; }
  std::string description() const override { return "residual, two 3x3 convolutions, relu"; }
  void forward(const Tensor& input, Activity& activity, Mode mode) const override {
    Activity hidden, sum, beside;
    hidden.output = activity.kept[0];
    sum.output = activity.output;
    first_.forward(input, hidden, mode);
    second_.forward(hidden.output, sum, mode);
    beside.output = shortcut_ ? activity.scratch.part(0, activity.output.shape()) : input;
    if (shortcut_) shortcut_->forward(input, beside, mode);
    ops::add_scaled(activity.output, 1, beside.output, activity.output);
    ops::apply(Function::relu, activity.output, activity.output);
  }
  void backward(BlockStep& step, Tensor& error_input) override {
    ops::activation_backward(step.error, step.activity.output, Activation::relu, step.error);
    BlockStep hidden = step_of_first(step), last = step_of_second(step);
    second_.backward(last, hidden.error);
    first_.backward(hidden, error_input);
    if (error_input.empty()) return;
    if (!shortcut_) return ops::add_scaled(error_input, 1, step.error, error_input);
    BlockStep beside{.input = step.input, .activity = {}, .error = step.error, .scratch = {}};
    Tensor more = step.scratch.part(hidden.error.size(), error_input.shape());
    shortcut_->backward(beside, more);
    ops::add_scaled(error_input, 1, more, error_input);
  }
  void learn(BlockStep& step, const UpdateOptions& options) override {
    BlockStep hidden = step_of_first(step), last = step_of_second(step);
    second_.learn(last, options);
    first_.learn(hidden, options);
    BlockStep beside{.input = step.input, .activity = {}, .error = step.error, .scratch = {}};
    if (shortcut_) shortcut_->learn(beside, options);
  }
  void each_layer(const std::string& name, const LayerVisitor& visit) override {
    first_.each_layer(name + ".0", visit);
    second_.each_layer(name + ".1", visit);
    if (shortcut_) shortcut_->each_layer(name + ".shortcut", visit);
  }

 private:
  static BlockSetup inner(const BlockSetup& setup, std::uint32_t layer, const Shape& input) {
    return {.input = input, .synapses = setup.synapses, .index = setup.layer_index(layer), .where = setup.where};
  }
  /// What the first convolution made, its error, and what the second one read and made.
  static BlockStep step_of_first(const BlockStep& step) {
    BlockStep first{.input = step.input, .activity = {}, .error = {}, .scratch = {}};
    first.activity.output = step.activity.kept[0];
    first.error = step.scratch.part(0, first.activity.output.shape());
    return first;
  }
  static BlockStep step_of_second(const BlockStep& step) {
    return {.input = step.activity.kept[0], .activity = {}, .error = step.error, .scratch = {}};
  }

  ConvolutionBlock first_, second_;
  std::unique_ptr<ConvolutionBlock> shortcut_;
  BlockPlan plan_;
};

const Registration<BlockRegistry, Residual, ResidualOptions> registration(
    "residual", "two 3x3 convolutions beside a shortcut, relu (He et al. 2016)");

}  // namespace
}  // namespace biossl
