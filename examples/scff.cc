#include <algorithm>

#include "biossl/losses/feature_moments.h"
#include "biossl/network/convolution_block.h"
#include "biossl/ops/elementwise.h"
#include "biossl/ops/ops.h"
#include "biossl/rules/encoder_pass.h"
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
/// The convolution's activation and pool play no part in it. Let "standardize" stand before each convolution.
class Scff final : public LearningRule {
 public:
  static constexpr const char* abbreviation = "SCFF";
  static constexpr Traits traits{.sends_errors = false};

  Scff(const ScffOptions& options, const RuleSetup& setup)
      : options_(options),
        network_(setup.network),
        epochs_(setup.epochs),
        seed_(setup.seed),
        pass_(setup.network, 2 * setup.batch) {
    const SynapsesSetup& its = network_.setup();
    const std::int64_t rows = 4 * setup.batch;
    std::int64_t input = 1, output = 1, positions = 1;
    ops::require_host(its.device, "scff");
    network_.add_head(network_.depth() - 1);  // so that embeddings exist
    Workspace::fit(its.device, [&](Workspace& workspace) { pass_.prepare(workspace); });
    for (int index = 0; index < network_.depth(); ++index) {
      const auto* block = dynamic_cast<ConvolutionBlock*>(&network_.block(index));
      check(block != nullptr || network_.block(index).plan().parameters == 0, "scff", "block {} is no convolution",
            index);
      maps_.push_back(block == nullptr ? Shape() : block->unpooled());
      if (block == nullptr) continue;
      input = std::max(input, block->plan().input.size());
      output = std::max(output, maps_.back().size());
      positions = std::max(positions, maps_.back()[0] * maps_.back()[1]);
    }
    const auto room = [&](std::int64_t size) { return Tensor({size}, its.dtype, its.device); };
    pairs_ = room(rows * input);
    response_ = room(rows * output);
    for (Tensor* tensor : {&goodness_, &slope_, &terms_}) *tensor = room(rows * positions);
    norm_ = Tensor({rows, 1}, its.dtype, its.device);
    shift_ = Tensor({2 * setup.batch}, DType::int32, its.device);
  }

  void step(const Tensor& images, const StepContext& context, Tensor& totals) override {
    const auto count = static_cast<std::uint32_t>(images.extent(0));
    Random random(seed_, "scff.shift", static_cast<std::uint32_t>(context.epoch),
                  static_cast<std::uint32_t>(context.batch));
    const std::uint32_t pairs = count / 2;
    const std::uint32_t by = 1 + random.below(std::max(pairs, 2U) - 1);
    for (std::uint32_t i = 0; i < count; ++i)
      shift_.data<std::int32_t>()[i] = static_cast<std::int32_t>((i + by) % count);
    updates_.clear();
    pass_.run(images);
    for (int index = 0; index < network_.depth(); ++index) {
      const Shape& map = maps_[static_cast<std::size_t>(index)];
      if (map.rank() == 0) continue;
      Synapses& synapses = network_.block(index).synapses();
      const Tensor pairs = paired(pass_.input(index));
      Tensor response = response_.part(0, batch_of(pairs.extent(0), map));
      synapses.drive(pairs, response);
      totals.data<double>()[0] += to_errors(response);
      synapses.learn(pairs, response, {context.learning_rate, &updates_});
    }
    totals.data<double>()[1] += pairs;
    updates_.apply();
  }
  std::int64_t total_epochs() const override { return epochs_; }
  Plausibility plausibility() const override { return {.plain_arithmetic = false}; }

 private:
  /// Maps (N, H, W, C) beside themselves and beside others: their sums, (2N, H, W, C).
  Tensor paired(const Tensor& maps) {
    const std::int64_t count = maps.extent(0);
    Tensor pairs = pairs_.part(0, maps.shape().with_rows(2 * count));
    Tensor positive = pairs.rows(0, count), negative = pairs.rows(count, 2 * count);
    ops::scale(maps, 2, positive);
    ops::gather_rows(maps, shift_.rows(0, count), negative);
    ops::add_scaled(negative, 1, maps, negative);
    return pairs;
  }

  /// The loss of responses a (2N, H, W, C), which become its derivatives by a.
  double to_errors(Tensor& response) {
    const std::int64_t count = response.extent(0) / 2, positions = response.extent(1) * response.extent(2);
    const auto channels = static_cast<double>(response.extent(3));
    const double share = 1 / static_cast<double>(count * positions);
    const double norms = options_.sparsity / static_cast<double>(count);
    const Shape maps{2 * count, response.extent(1), response.extent(2), 1};
    Tensor goodness = goodness_.part(0, maps), slope = slope_.part(0, maps), terms = terms_.part(0, maps);
    Tensor positive = goodness.rows(0, count).reshaped({count, positions}), norm = norm_.rows(0, count);
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
  Network& network_;
  std::int64_t epochs_;
  std::uint64_t seed_;
  EncoderPass pass_;
  std::vector<Shape> maps_;  // what each convolution makes of an image; of rank 0 where a block is none
  UpdateQueue updates_;
  Tensor pairs_, response_, goodness_, slope_, terms_, norm_;  // flat, but for norm_
  Tensor shift_;
};

const Registration<RuleRegistry, Scff, ScffOptions> registration(
    "scff", "self-contrastive forward-forward: goodness of an image beside itself against beside another");

}  // namespace
}  // namespace biossl
