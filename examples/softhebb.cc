#include <cmath>

#include "biossl/network/unit_rates.h"
#include "biossl/ops/elementwise.h"
#include "biossl/ops/ops.h"
#include "biossl/rules/convolution_pass.h"
#include "biossl/rules/rule.h"

// A rule without loss and error (docs/extending.md): SoftHebb, Journe et al. 2023.
namespace biossl {
namespace {

struct SoftHebbOptions {
  double sharpness = 1.0;
  double start = 25.0;
  double rate_power = 0.5;

  template <class Visitor>
  void visit(Visitor& field) {
    field("sharpness", sharpness, "t: p = softmax over the channels of t u");
    field("start", start, "about the length of each unit's weights at the start, which are drawn normal");
    field("rate_power", rate_power, "a unit's rate is | |W_k| - 1 | to this power, times the learning rate");
  }
};

/// At every position u = W x and p = softmax over the channels of t u. The winner's y is its p, the others' is -p:
///   dW_k = sum y_k (x - u_k W_k)
/// All convolutions learn in every step, from one forward pass. Take "sgd" without momentum, and let "standardize" or a
/// "batch_norm" that is not affine stand before each convolution and "triangle" behind it.
class SoftHebb final : public LearningRule {
 public:
  static constexpr const char* abbreviation = "SoftHebb";
  static constexpr Traits traits{.sends_errors = false};

  SoftHebb(const SoftHebbOptions& options, const RuleSetup& setup)
      : options_(options), epochs_(setup.epochs), pass_("softhebb", setup.network, 2 * setup.batch) {
    const SynapsesSetup& its = setup.network.setup();
    for (const ConvolutionLayer& layer : pass_.layers()) {
      const auto room = [&](const Shape& map) { return Tensor(batch_of(group, map), its.dtype, its.device); };
      const Shape& map = layer.output;
      layers_.push_back({layer, room(map), room(map), room({map[0], map[1], 1}),
                         Tensor({1, 1, 1, map[2]}, its.dtype, its.device),
                         Tensor({map[2]}, its.master_dtype(), its.device), UnitRates(options.rate_power)});
      Tensor weights = layer.synapses->weights().values();
      const double spread = options.start / std::sqrt(static_cast<double>(weights.shape().row_size()));
      weights.fill_zero();
      ops::add_noise(Random(setup.seed, "softhebb.start", static_cast<std::uint32_t>(layer.block)), spread, weights,
                     weights);
      layer.synapses->restored();
    }
  }

  void step(const Tensor& images, const StepContext& context, Tensor& totals) override {
    const std::int64_t pairs = images.extent(0) / 2;
    updates_.clear();
    pass_.run(images);
    for (Layer& each : layers_) {
      for (std::int64_t first = 0; first < pass_.rows(); first += group) learn(each, first, context.learning_rate);
    }
    totals.data<double>()[1] += static_cast<double>(pairs);
    updates_.apply();
  }
  std::int64_t total_epochs() const override { return epochs_; }
  Plausibility plausibility() const override { return {.plain_arithmetic = false}; }

 private:
  static constexpr std::int64_t group = 50;  // images at a time

  struct Layer {
    ConvolutionLayer convolution;
    Tensor u, y, per_position, per_channel, decay;
    UnitRates rates;
  };

  void learn(Layer& its, std::int64_t first, double learning_rate) {
    const std::int64_t last = std::min(first + group, pass_.rows());
    const Tensor input = pass_.input(its.convolution).rows(first, last);
    Tensor u = its.u.rows(0, last - first), y = its.y.rows(0, last - first);
    Tensor extreme = its.per_position.rows(0, last - first);
    Synapses& synapses = *its.convolution.synapses;
    synapses.drive(input, u);
    ops::reduce(Reduction::maximum, u, over_channels, extreme);
    ops::combine(u, Combination::equal, extreme, y);
    ops::scale(y, 2, y, -1);  // 1 for the winner, -1 for the others
    ops::combine(u, Combination::subtract, extreme, u);
    ops::scale(u, options_.sharpness, u);
    ops::apply(Function::exponential, u, u);
    ops::reduce(Reduction::sum, u, over_channels, extreme);
    ops::combine(u, Combination::divide, extreme, u);  // p
    ops::combine(y, Combination::multiply, u, y);
    synapses.drive(input, u);
    ops::reduce_products(u, y, all_but_channels, its.per_channel);
    ops::convert(its.per_channel.reshaped(its.decay.shape()), its.decay);
    ops::scale(y, -1, y);
    UpdateOptions options(learning_rate, &updates_);
    options.accumulate = first > 0;
    options.apply = last == pass_.rows();
    options.unit_decay = its.decay;
    options.plasticity = &its.rates;
    synapses.learn(input, y, options);
  }

  SoftHebbOptions options_;
  std::int64_t epochs_;
  ConvolutionPass pass_;
  std::vector<Layer> layers_;
  UpdateQueue updates_;
};

const Registration<RuleRegistry, SoftHebb, SoftHebbOptions> registration(
    "softhebb", "no error at all: Hebbian learning with a soft winner in every convolution (Journe et al. 2023)");

}  // namespace
}  // namespace biossl
