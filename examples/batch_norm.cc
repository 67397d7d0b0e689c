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
      : options_(options), learnt_(setup.synapses, 2 * setup.input[2]) {
    ops::require_host(setup.synapses.device, "batch_norm");
    plan_.input = plan_.output = setup.input;
    plan_.kept = {{.shape = setup.input}};  // n
    plan_.parameters = options.affine ? learnt_.count() : 0;
    plan_.operations = 4 * setup.input.size();
    plan_.needs_whole_batch = true;
    const Shape channels{1, 1, 1, setup.input[2]};
    for (Tensor* tensor :
         {&mean_, &deviation_, &scale_, &shift_, &errors_, &products_, &running_mean_, &running_var_}) {
      *tensor = Tensor(channels, setup.synapses.dtype, setup.synapses.device);
    }
    ops::scale(running_var_, 0, running_var_, 1);
    Tensor ones = scales(learnt_.values());
    ops::scale(ones, 0, ones, 1);
  }

  const BlockPlan& plan() const override { return plan_; }
  std::string description() const override {
    return options_.affine ? "batch normalisation" : "batch normalisation, not affine";
  }
  void forward(const Tensor& input, Activity& activity, Mode mode) const override {
    Tensor normalised = activity.kept[0], mean = mean_, deviation = deviation_;
    Tensor scale = scale_.reshaped({plan_.input[2]}), shift = shift_.reshaped({plan_.input[2]});
    ops::convert(scales(learnt_.values()), scale);
    ops::convert(shifts(learnt_.values()), shift);
    if (mode == Mode::training) {
      ops::standardize(input, all_but_channels, options_.epsilon, normalised, mean, deviation);
    } else {
      ops::normalize(input, running_mean_, running_var_, options_.epsilon, normalised, deviation);
    }
    ops::combine(normalised, Combination::multiply, scale_, activity.output);
    ops::combine(activity.output, Combination::add, shift_, activity.output);
  }
  void backward(BlockStep& step, Tensor& error_input) override {
    count_ = static_cast<double>(step.error.size()) / static_cast<double>(step.error.extent(3));
    ops::standardize_backward(step.error, step.activity.kept[0], deviation_, all_but_channels, errors_, products_,
                              error_input);
    if (!error_input.empty()) ops::combine(error_input, Combination::multiply, scale_, error_input);
  }
  void learn(BlockStep& /*step*/, const UpdateOptions& options) override {
    ops::apply(Function::square, deviation_, deviation_);
    ops::scale(deviation_, 1, deviation_, -options_.epsilon);
    for (const auto& [running, now] : {std::pair{&running_mean_, &mean_}, {&running_var_, &deviation_}}) {
      ops::scale(*running, 1 - options_.momentum, *running);
      ops::add_scaled(*running, options_.momentum, *now, *running);
    }
    if (!options_.affine) return;
    Tensor d_scale = scales(learnt_.update()), d_shift = shifts(learnt_.update());
    ops::convert(products_.reshaped(d_scale.shape()), d_scale);
    ops::convert(errors_.reshaped(d_shift.shape()), d_shift);
    Tensor update = learnt_.update();
    ops::scale(update, count_, update);  // from means to sums
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
  Tensor scales(const Tensor& learnt) const { return learnt.part(0, {plan_.input[2]}); }
  Tensor shifts(const Tensor& learnt) const { return learnt.part(plan_.input[2], {plan_.input[2]}); }

  BatchNormOptions options_;
  Parameters learnt_;  // scales, then shifts
  BlockPlan plan_;
  Tensor mean_, deviation_;   // of the last training pass; learn() turns deviation_ into the variance
  Tensor errors_, products_;  // means of the last error, and of its product with n
  Tensor scale_, shift_, running_mean_, running_var_;
  double count_ = 0;  // of images and positions
};

const Registration<BlockRegistry, BatchNorm, BatchNormOptions> registration(
    "batch_norm", "each channel standardised over the batch, then scaled and shifted (Ioffe & Szegedy 2015)");

}  // namespace
}  // namespace biossl
