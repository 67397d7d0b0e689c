#include <algorithm>
#include <iterator>
#include <vector>

#include "biossl/ops/ops.h"
#include "biossl/rules/encoder_pass.h"
#include "biossl/rules/head_pass.h"
#include "biossl/rules/rule.h"

namespace biossl {
namespace {

/// Every block learns in every step, from a loss of its own under a head of its own, and all from one forward pass:
/// what most of the field means by layer-wise. No error crosses from one block to another. A head that reads the
/// outputs of other blocks gets them of the same pass. The reported loss is the mean over the blocks.
class Local final : public LearningRule {
 public:
  Local(const NoOptions& /*options*/, const RuleSetup& setup)
      : network_(setup.network), epochs_(setup.epochs), pass_(setup.network, 2 * setup.batch) {
    refuse_micro_batch("local", setup.micro_batch);
    for (int block = 0; block < network_.depth(); ++block) head_passes_.emplace_back(network_, block, setup.loss);
    const auto lay_out = [&](Workspace& workspace) { prepare(workspace, 2 * setup.batch); };
    memory_ = Workspace::fit(network_.setup().device, lay_out).bytes();
    block_totals_ = Tensor({2}, DType::float64, network_.setup().device);
  }

  void step(const Tensor& images, const StepContext& context, Tensor& totals) override {
    updates_.clear();
    pass_.run(images);
    for (int block = 0; block < network_.depth(); ++block) learn(block, context, totals);
    updates_.apply();
  }
  std::int64_t total_epochs() const override { return epochs_; }
  Plausibility plausibility() const override { return {}; }
  std::size_t activity_bytes() const override { return memory_; }
  State state() override {
    State all;
    for (HeadPass& head_pass : head_passes_) std::ranges::move(head_pass.state(), std::back_inserter(all));
    return all;
  }
  void restored() override {
    for (const HeadPass& head_pass : head_passes_) head_pass.loss().restored();
  }

 private:
  void prepare(Workspace& workspace, std::int64_t rows) {
    pass_.prepare(workspace);
    std::int64_t features = 0;
    for (const HeadPass& head_pass : head_passes_) {
      head_pass.head().prepare(rows, workspace);
      features = std::max(features, head_pass.head().features());
    }
    const Tensor embeddings = workspace.take({rows * features}, network_.setup().master_dtype());
    const Tensor errors = workspace.take({rows * features}, network_.setup().master_dtype());
    for (HeadPass& head_pass : head_passes_) head_pass.share(embeddings, errors);
  }

  void learn(int block, StepContext context, Tensor& totals) {
    context.block = block;
    HeadPass& head_pass = head_passes_[static_cast<std::size_t>(block)];
    const std::int64_t rows = pass_.rows();
    const std::int64_t begin = pass_.first_row(head_pass.loss().stops_gradient());
    hand_forward(head_pass.head());
    head_pass.forward(pass_.output(block));
    block_totals_.fill_zero();
    head_pass.evaluate(context, block_totals_);
    // What the top block's loss counts is what is reported.
    const bool is_top = block == network_.depth() - 1;
    ops::add_loss(block_totals_, 1.0 / network_.depth(), is_top ? Tensor() : head_pass.errors().rows(rows, rows),
                  totals);
    BlockStep step = pass_.step(block, begin, rows);
    head_pass.backward(begin, rows, step.error);
    const UpdateOptions options(context.learning_rate, &updates_);
    head_pass.learn(begin, rows, options);
    Tensor goes_no_further;
    network_.block(block).backward(step, goes_no_further);
    network_.block(block).learn(step, options);
  }

  void hand_forward(Head& head) {
    handed_.clear();
    for (const int other : head.reads_blocks()) handed_.push_back(pass_.output(other));
    head.hand_forward(handed_);
  }

  Network& network_;
  std::int64_t epochs_;
  EncoderPass pass_;
  std::vector<HeadPass> head_passes_;  // by block; they share embeddings and errors
  UpdateQueue updates_;
  std::vector<Tensor> handed_;
  Tensor block_totals_;
  std::size_t memory_;
};

const Registration<RuleRegistry, Local, NoOptions> registration(
    "local", "every block learns in every step under a head of its own, all from one forward pass");

}  // namespace
}  // namespace biossl
