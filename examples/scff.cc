#include "biossl/losses/feature_moments.h"
#include "biossl/ops/elementwise.h"
#include "biossl/ops/ops.h"
#include "biossl/rules/convolution_pass.h"
#include "biossl/rules/rule.h"

// A rule with a goodness in place of a loss (docs/extending.md): self-contrastive forward-forward, 2025.
namespace biossl {
namespace {

struct ScffOptions {
  double positive_threshold = 0.0;
  double negative_threshold = 1.0;
  double sparsity = 1e-3;

  template <class Visitor>
  void visit(Visitor& field) {
    field("positive_threshold", positive_threshold, "goodness of an image beside itself is to be above it");
    field("negative_threshold", negative_threshold, "goodness of two images is to be below it");
    field("sparsity", sparsity, "weight of the norm of the positive goodness");
  }
};

/// All convolutions learn in every step, from one forward pass. Each sees what it reads of an image beside itself and
/// beside that of another image of the batch, one cyclic shift for all: a = W x + W x'. With G = mean_c relu(a)^2 at
/// each position,
///   L = mean softplus(th1 - G_pos) + mean softplus(G_neg - th2) + sparsity mean_n |G_pos,n|, the norm over positions.
/// Let "standardize" stand before each convolution and "triangle" behind it: a layer's pairs are made anew from what
/// the one below hands on.
class Scff final : public LearningRule {
 public:
  static constexpr const char* abbreviation = "SCFF";
  static constexpr Traits traits{.sends_errors = false};

  Scff(const ScffOptions& options, const RuleSetup& setup)
      : options_(options), epochs_(setup.epochs), seed_(setup.seed), pass_("scff", setup.network, 2 * setup.batch) {
    const SynapsesSetup& its = setup.network.setup();
    for (const ConvolutionLayer& layer : pass_.layers()) {
      const auto room = [&](const Shape& map) { return Tensor(batch_of(4 * setup.batch, map), its.dtype, its.device); };
      const Shape positions{layer.output[0], layer.output[1], 1};
      layers_.push_back({layer, room(layer.input), room(layer.output), room(positions), room(positions),
                         room(positions), Tensor({2 * setup.batch, 1}, its.dtype, its.device)});
    }
  }

  void step(const Tensor& images, const StepContext& context, Tensor& totals) override {
    const std::int64_t pairs = images.extent(0) / 2;
    Random random(seed_, "scff.shift", static_cast<std::uint32_t>(context.epoch),
                  static_cast<std::uint32_t>(context.batch));
    const std::uint32_t by = pairs < 2 ? 1 : 1 + random.below(static_cast<std::uint32_t>(pairs - 1));
    updates_.clear();
    pass_.run(images);
    for (Layer& its : layers_) {
      const Tensor input = pass_.input(its.convolution);
      const std::int64_t count = input.extent(0);
      Tensor positive = its.pairs.rows(0, count), negative = its.pairs.rows(count, 2 * count);
      ops::scale(input, 2, positive);
      ops::rotate_rows(input, by, negative);
      ops::add_scaled(negative, 1, input, negative);
      Tensor response = its.response.rows(0, 2 * count);
      its.convolution.synapses->drive(its.pairs.rows(0, 2 * count), response);
      totals.data<double>()[0] += to_errors(its, response);
      its.convolution.synapses->learn(its.pairs.rows(0, 2 * count), response, {context.learning_rate, &updates_});
    }
    totals.data<double>()[1] += static_cast<double>(pairs);
    updates_.apply();
  }
  std::int64_t total_epochs() const override { return epochs_; }
  Plausibility plausibility() const override { return {.plain_arithmetic = false}; }

 private:
  struct Layer {
    ConvolutionLayer convolution;
    Tensor pairs, response, goodness, slope, terms, norm;
  };

  /// The loss of responses a (2N, H, W, C), which become its derivatives by a.
  double to_errors(Layer& its, Tensor& response) {
    const std::int64_t count = response.extent(0) / 2, positions = response.extent(1) * response.extent(2);
    const auto channels = static_cast<double>(response.extent(3));
    const double share = 1 / static_cast<double>(count * positions);
    const double norms = options_.sparsity / static_cast<double>(count);
    Tensor goodness = its.goodness.rows(0, 2 * count), slope = its.slope.rows(0, 2 * count);
    Tensor terms = its.terms.rows(0, 2 * count), norm = its.norm.rows(0, count);
    Tensor positive = goodness.rows(0, count).reshaped({count, positions});
    Tensor wanted = slope.rows(0, count), unwanted = slope.rows(count, 2 * count);
    ops::apply(Function::relu, response, response);
    ops::reduce_products(response, response, over_channels, goodness);
    ops::scale(goodness, 1 / channels, goodness);
    ops::scale(goodness.rows(0, count), -1, wanted, options_.positive_threshold);
    ops::scale(goodness.rows(count, 2 * count), 1, unwanted, -options_.negative_threshold);
    ops::apply(Function::softplus, slope, terms);
    ops::reduce_products(positive, positive, over_channels, norm);
    ops::scale(norm, 1, norm, 1e-12);
    ops::apply(Function::square_root, norm, norm);
    const double loss = share * sum_of(terms) + norms * sum_of(norm);
    ops::apply(Function::sigmoid, slope, slope);
    ops::scale(wanted, -share, wanted);
    ops::scale(unwanted, share, unwanted);
    ops::combine(positive, Combination::divide, norm, positive);
    ops::add_scaled(wanted, norms, goodness.rows(0, count), wanted);
    ops::combine(response, Combination::multiply, slope, response);
    ops::scale(response, 2 / channels, response);
    return loss;
  }

  ScffOptions options_;
  std::int64_t epochs_;
  std::uint64_t seed_;
  ConvolutionPass pass_;
  std::vector<Layer> layers_;
  UpdateQueue updates_;
};

const Registration<RuleRegistry, Scff, ScffOptions> registration(
    "scff", "self-contrastive forward-forward: goodness of an image beside itself against beside another");

}  // namespace
}  // namespace biossl
