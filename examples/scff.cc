#include <algorithm>
#include <deque>

#include "biossl/losses/feature_moments.h"
#include "biossl/ops/elementwise.h"
#include "biossl/ops/ops.h"
#include "biossl/rules/encoder_pass.h"
#include "biossl/rules/rule.h"
#include "biossl/rules/single_block.h"

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

/// Every block learns in every step, from one forward pass. It sees an image beside itself (x + x) and beside another
/// one of the batch (x + x', one cyclic shift for all), each sum scaled to a root mean square of 1. With the goodness
/// G(y,x) = mean_c a^2 of the block's output a,
///   L = mean softplus(th1 - G_pos) + mean softplus(G_neg - th2) + sparsity mean_n |G_pos,n|, the norm over positions.
class Scff final : public LearningRule {
 public:
  static constexpr const char* abbreviation = "SCFF";

  Scff(const ScffOptions& options, const RuleSetup& setup)
      : options_(options),
        network_(setup.network),
        epochs_(setup.epochs),
        seed_(setup.seed),
        pass_(setup.network, 2 * setup.batch) {
    const SynapsesSetup& its = network_.setup();
    const std::int64_t rows = 4 * setup.batch;
    std::int64_t largest = 0;
    ops::require_host(its.device, "scff");
    network_.add_head(network_.depth() - 1);  // so that embeddings exist
    Workspace::fit(its.device, [&](Workspace& workspace) { pass_.prepare(workspace); });
    for (int index = 0; index < network_.depth(); ++index) {
      const BlockPlan& plan = network_.block(index).plan();
      largest = std::max({largest, plan.input.size(), plan.output[0] * plan.output[1]});
      blocks_.emplace_back(network_, index, rows);
    }
    for (Tensor* room : {&input_, &squares_, &goodness_, &slope_})
      *room = Tensor({rows * largest}, its.dtype, its.device);
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
      SingleBlock& block = blocks_[static_cast<std::size_t>(index)];
      const Tensor output = block.forward(paired(pass_.input(index)));
      totals.data<double>()[0] += evaluate(output, block.error()) / network_.depth();
      block.learn({context.learning_rate, &updates_});
    }
    totals.data<double>()[1] += pairs;
    updates_.apply();
  }
  std::int64_t total_epochs() const override { return epochs_; }
  Plausibility plausibility() const override { return {.plain_arithmetic = false}; }

 private:
  /// images (N, H, W, C) beside themselves and beside others, (2N, H, W, C), each with a root mean square of 1.
  Tensor paired(const Tensor& images) {
    const std::int64_t count = images.extent(0), size = images.shape().row_size();
    Tensor pairs = input_.part(0, images.shape().with_rows(2 * count));
    Tensor positive = pairs.rows(0, count), negative = pairs.rows(count, 2 * count);
    ops::scale(images, 2, positive);
    ops::gather_rows(images, shift_.rows(0, count), negative);
    ops::add_scaled(negative, 1, images, negative);
    Tensor rows = pairs.reshaped({2 * count, size}), squares = squares_.part(0, rows.shape());
    Tensor norm = norm_.rows(0, 2 * count);
    ops::apply(Function::square, rows, squares);
    ops::reduce(Reduction::mean, squares, over_channels, norm);
    ops::scale(norm, 1, norm, 1e-6);
    ops::apply(Function::square_root, norm, norm);
    ops::combine(rows, Combination::divide, norm, rows);
    return pairs;
  }

  /// The loss of one block, and its derivative by the block's output (2N, H', W', C').
  double evaluate(const Tensor& output, Tensor& error) {
    const std::int64_t count = output.extent(0) / 2, positions = output.extent(1) * output.extent(2);
    const Shape maps{2 * count, output.extent(1), output.extent(2), 1}, rows{count, positions};
    Tensor goodness = goodness_.part(0, maps), slope = slope_.part(0, maps);
    Tensor positive = goodness.rows(0, count).reshaped(rows), wanted = slope.rows(0, count).reshaped(rows);
    Tensor unwanted = slope.rows(count, 2 * count), squares = squares_.part(0, rows), norm = norm_.rows(0, count);
    ops::apply(Function::square, output, error);
    ops::reduce(Reduction::mean, error, over_channels, goodness);
    const double share = 1 / static_cast<double>(count * positions),
                 norms = options_.sparsity / static_cast<double>(count);
    ops::scale(positive, -1, wanted, options_.positive_threshold);
    ops::scale(goodness.rows(count, 2 * count), 1, unwanted, -options_.negative_threshold);
    Tensor terms = error.part(0, maps);
    ops::apply(Function::softplus, slope, terms);
    double loss = share * sum_of(terms);
    ops::apply(Function::sigmoid, slope, slope);
    ops::scale(wanted, -share, wanted);
    ops::scale(unwanted, share, unwanted);
    ops::apply(Function::square, positive, squares);
    ops::reduce(Reduction::sum, squares, over_channels, norm);
    ops::scale(norm, 1, norm, 1e-12);
    ops::apply(Function::square_root, norm, norm);
    loss += norms * sum_of(norm);
    ops::combine(positive, Combination::divide, norm, squares);
    ops::add_scaled(wanted, norms, squares, wanted);
    ops::combine(output, Combination::multiply, slope, error);
    ops::scale(error, 2.0 / static_cast<double>(output.extent(3)), error);
    return loss;
  }

  ScffOptions options_;
  Network& network_;
  std::int64_t epochs_;
  std::uint64_t seed_;
  EncoderPass pass_;
  std::deque<SingleBlock> blocks_;
  UpdateQueue updates_;
  Tensor input_, squares_, goodness_, slope_, norm_;  // flat rooms
  Tensor shift_;
};

const Registration<RuleRegistry, Scff, ScffOptions> registration(
    "scff", "self-contrastive forward-forward: goodness of an image beside itself against beside another");

}  // namespace
}  // namespace biossl
