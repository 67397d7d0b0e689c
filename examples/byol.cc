#include "biossl/losses/cosine_distance.h"
#include "biossl/network/slow_copy.h"
#include "biossl/ops/ops.h"
#include "biossl/rules/block_range.h"
#include "biossl/rules/rule.h"

// A rule with a slow copy of the network (docs/extending.md): BYOL, Grill et al. 2020.
namespace biossl {
namespace {

struct ByolOptions {
  double momentum = 0.99;
  std::int64_t hidden = 128;

  template <class Visitor>
  void visit(Visitor& field) {
    field("momentum", momentum, "the share of itself that the slow copy keeps in each step");
    field("hidden", hidden, "units of the predictor's hidden layer");
  }
};

/// Each view's embedding, through a predictor q, is to point where the slow network's embedding t of the other view
/// points: L = 1/B sum over both views |q/|q| - t/|t||^2. The predictor's update is computed while the loss is
/// evaluated, and waits for the end of the step.
class ToSlowNetwork final : public Loss {
 public:
  ToSlowNetwork(const SynapsesSetup& setup, const LossSetup& its, std::int64_t hidden) : distance_(its, 2 * its.batch) {
    const HeadSetup head{.map = {1, 1, its.features}, .synapses = setup, .index = 3000};
    predictor = HeadRegistry::instance().make("mlp", {{"features", its.features}, {"hidden", hidden}}, head);
    predictions_ = Tensor({2 * its.batch, its.features}, its.dtype, its.device);
    for (Tensor* tensor : {&input_, &d_input_})
      *tensor = Tensor(batch_of(2 * its.batch, head.map), setup.dtype, its.device);
    Workspace::fit(its.device, [&](Workspace& workspace) { predictor->prepare(2 * its.batch, workspace); });
  }

  void evaluate(const Tensor& embeddings, const StepContext& context, Tensor& errors, Tensor& totals) override {
    const std::int64_t rows = embeddings.extent(0), pairs = rows / 2;
    Tensor input = input_.rows(0, rows), d_input = d_input_.rows(0, rows), predictions = predictions_.rows(0, rows);
    Tensor flat = input.reshaped(embeddings.shape());
    ops::convert(embeddings, flat);
    predictor->forward(input, predictions);
    for (const std::int64_t first : {std::int64_t{0}, pairs}) {
      Tensor part = predictions.rows(first, first + pairs);
      totals.data<double>()[0] +=
          distance_.evaluate(part, targets.rows(pairs - first, rows - first), 1.0 / pairs, part);
    }
    totals.data<double>()[1] += static_cast<double>(pairs);
    predictor->backward(input, predictions, predictions, 0, rows, d_input);
    predictor->learn(input, 0, rows, {context.learning_rate, &updates});
    ops::convert(d_input.reshaped(errors.shape()), errors);
  }
  bool stops_gradient() const override { return false; }
  Plausibility plausibility() const override { return {.recent_activity = false, .plain_arithmetic = false}; }

  std::unique_ptr<Head> predictor;
  Tensor targets;       ///< the slow network's embeddings of the batch
  UpdateQueue updates;  ///< the predictor's

 private:
  CosineDistance distance_;
  Tensor predictions_, input_, d_input_;
};

/// The encoder learns end to end; a slow copy of it, which gives the targets, follows.
class Byol final : public LearningRule {
 public:
  static constexpr const char* abbreviation = "BYOL";

  Byol(const ByolOptions& options, const RuleSetup& setup)
      : options_(options),
        epochs_(setup.epochs),
        range_(
            setup.network, [&](int, std::int64_t features) { return made(setup, features); }, 0,
            setup.network.depth() - 1, setup.batch),
        slow_(setup.network, setup.network.depth() - 1, 2 * setup.batch, options.momentum) {
    check(setup.micro_batch == 0, "byol", "micro_batch = {}: leave it at 0", setup.micro_batch);
    Workspace::fit(setup.network.setup().device, [&](Workspace& workspace) {
      range_.prepare(workspace);
      slow_.prepare(workspace);
    });
  }

  void step(const Tensor& images, const StepContext& context, Tensor& totals) override {
    loss_->updates.clear();
    loss_->targets = slow_.embeddings(images);
    range_.step(images, context, totals);
    loss_->updates.apply();
    slow_.follow();
  }
  std::int64_t total_epochs() const override { return epochs_; }
  Plausibility plausibility() const override { return {.local_to_blocks = false}; }
  State state() override {
    State all = slow_.state();
    for (const StateTensor& tensor : loss_->predictor->state("predictor", true)) all.push_back(tensor);
    return all;
  }
  void restored() override {
    loss_->predictor->restored();
    slow_.restored();
  }

 private:
  std::unique_ptr<Loss> made(const RuleSetup& setup, std::int64_t features) {
    const SynapsesSetup& its = setup.network.setup();
    const LossSetup loss{setup.batch, features, its.master_dtype(), its.device, setup.seed};
    auto result = std::make_unique<ToSlowNetwork>(its, loss, options_.hidden);
    loss_ = result.get();
    return result;
  }

  ByolOptions options_;
  std::int64_t epochs_;
  ToSlowNetwork* loss_ = nullptr;  // the range's
  BlockRange range_;
  SlowCopy slow_;
};

const Registration<RuleRegistry, Byol, ByolOptions> registration(
    "byol", "end to end towards a slow copy of the network, without negatives (Grill et al. 2020)");

}  // namespace
}  // namespace biossl
