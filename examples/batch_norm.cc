#include "biossl/network/block.h"
#include "biossl/network/parameters.h"
#include "biossl/ops/elementwise.h"
#include "biossl/ops/ops.h"

// A kind of block that needs the whole batch (docs/extending.md): batch normalisation, Ioffe & Szegedy 2015.
namespace biossl {
namespace {

struct BatchNormOptions {
  bool affine = true;
  double epsilon = 1e-5;
  double momentum = 0.1;

  template <class Visitor>
  void visit(Visitor& field) {
    field("affine", affine, "whether each channel has a scale and a shift that learn");
    field("epsilon", epsilon, "added to a variance before its root divides");
    field("momentum", momentum, "the share of a batch in the running mean and variance, which evaluation uses");
  }
};

/// Over all images and positions of a batch, channel by channel: n = (x - mean) / sqrt(var + epsilon), y = scale n +
/// shift.
class BatchNorm final : public Block {
 public:
  BatchNorm(const BatchNormOptions& options, const BlockSetup& setup)
      : options_(options), setup_(setup.synapses), learnt_(setup.synapses, 2 * setup.input[2]) {
    ops::require_host(setup_.device, "batch_norm");
    plan_.input = plan_.output = setup.input;
    plan_.kept = {{.shape = setup.input}};  // n
    plan_.parameters = options.affine ? learnt_.count() : 0;
    plan_.operations = 4 * setup.input.size();
    plan_.backward_scratch = setup.input.size();
    plan_.needs_whole_batch = true;
    const Shape channels{1, 1, 1, setup.input[2]};
    for (Tensor* tensor :
         {&mean_, &deviation_, &scale_, &shift_, &sums_, &products_, &running_mean_, &running_var_, &means_}) {
      *tensor = Tensor(channels, setup_.dtype, setup_.device);
    }
    ops::scale(running_var_, 0, running_var_, 1);
    Tensor scales = learnt_.values().part(0, {setup.input[2]});
    ops::scale(scales, 0, scales, 1);
  }

  const BlockPlan& plan() const override { return plan_; }
  std::string description() const override {
    return options_.affine ? "batch normalisation" : "batch normalisation, not affine";
  }
  void forward(const Tensor& input, Activity& activity, Mode mode) const override {
    Tensor normalised = activity.kept[0], mean = mean_, deviation = deviation_;
    const Shape channels{plan_.input[2]};
    Tensor scale = scale_.reshaped(channels), shift = shift_.reshaped(channels);
    ops::convert(learnt_.values().part(0, channels), scale);
    ops::convert(learnt_.values().part(plan_.input[2], channels), shift);
    if (mode == Mode::training) {
      ops::reduce(Reduction::mean, input, all_but_channels, mean);
      ops::combine(input, Combination::subtract, mean, normalised);
      ops::apply(Function::square, normalised, activity.output);
      ops::reduce(Reduction::mean, activity.output, all_but_channels, deviation);
    } else {
      ops::combine(input, Combination::subtract, running_mean_, normalised);
      ops::scale(running_var_, 1, deviation);
    }
    ops::scale(deviation, 1, deviation, options_.epsilon);
    ops::apply(Function::square_root, deviation, deviation);
    ops::combine(normalised, Combination::divide, deviation, normalised);
    ops::combine(normalised, Combination::multiply, scale_, activity.output);
    ops::combine(activity.output, Combination::add, shift_, activity.output);
  }
  /// With g the error times the scale: error_input = (g - mean g - n mean(g n)) / deviation.
  void backward(BlockStep& step, Tensor& error_input) override {
    const Tensor& normalised = step.activity.kept[0];
    const auto count = static_cast<double>(step.error.size() / step.error.extent(3));
    Tensor product = step.scratch.part(0, step.error.shape());
    ops::combine(step.error, Combination::multiply, normalised, product);
    ops::reduce(Reduction::sum, product, all_but_channels, products_);
    ops::reduce(Reduction::sum, step.error, all_but_channels, sums_);
    if (error_input.empty()) return;
    Tensor means = means_;
    ops::scale(products_, 1 / count, means);
    ops::combine(normalised, Combination::multiply, means, product);
    ops::add_scaled(step.error, -1, product, error_input);
    ops::scale(sums_, 1 / count, means);
    ops::combine(error_input, Combination::subtract, means, error_input);
    ops::combine(scale_, Combination::divide, deviation_, means);
    ops::combine(error_input, Combination::multiply, means, error_input);
  }
  void learn(BlockStep& /*step*/, const UpdateOptions& options) override {
    ops::apply(Function::square, deviation_, deviation_);
    ops::scale(deviation_, 1, deviation_, -options_.epsilon);
    for (const auto& [running, now] : {std::pair{&running_mean_, &mean_}, {&running_var_, &deviation_}}) {
      ops::scale(*running, 1 - options_.momentum, *running);
      ops::add_scaled(*running, options_.momentum, *now, *running);
    }
    if (!options_.affine) return;
    const std::int64_t channels = plan_.input[2];
    Tensor d_scale = learnt_.update().part(0, {channels}), d_shift = learnt_.update().part(channels, {channels});
    ops::convert(products_.reshaped({channels}), d_scale);
    ops::convert(sums_.reshaped({channels}), d_shift);
    learnt_.apply(options);
  }
  void each_layer(const std::string& /*name*/, const LayerVisitor& /*visit*/) override {}
  State state(const std::string& name, bool learning) override {
    State state{{name + ".running_mean", running_mean_, {}, running_mean_.shape()},
                {name + ".running_var", running_var_, {}, running_var_.shape()}};
    if (options_.affine) {
      const State more = learnt_.state(name + ".", learning);
      state.insert(state.end(), more.begin(), more.end());
    }
    return state;
  }
  void restored() override {}  // what is derived from the state is made anew in each pass

 private:
  BatchNormOptions options_;
  SynapsesSetup setup_;
  Parameters learnt_;  // scales, then shifts
  BlockPlan plan_;
  Tensor mean_, deviation_;  // of the last training pass
  Tensor scale_, shift_, sums_, products_, running_mean_, running_var_, means_;
};

const Registration<BlockRegistry, BatchNorm, BatchNormOptions> registration(
    "batch_norm", "each channel standardised over the batch, then scaled and shifted (Ioffe & Szegedy 2015)");

}  // namespace
}  // namespace biossl
