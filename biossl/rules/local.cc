#include <algorithm>
#include <iterator>
#include <memory>
#include <vector>

#include "biossl/ops/ops.h"
#include "biossl/rules/encoder_pass.h"
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
    check(setup.micro_batch == 0, "local", "micro_batch = {}: every block keeps its whole batch; leave it at 0",
          setup.micro_batch);
    for (int block = 0; block < network_.depth(); ++block) {
      losses_.push_back(setup.loss(block, network_.add_head(block).features()));
    }
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
    for (std::size_t block = 0; block < losses_.size(); ++block) {
      std::ranges::move(state_of_loss(*losses_[block], static_cast<int>(block)), std::back_inserter(all));
    }
    return all;
  }
  void restored() override {
    for (const auto& loss : losses_) loss->restored();
  }

 private:
  void prepare(Workspace& workspace, std::int64_t rows) {
    pass_.prepare(workspace);
    std::int64_t features = 0;
    for (int block = 0; block < network_.depth(); ++block) {
      network_.head(block).prepare(rows, workspace);
      features = std::max(features, network_.head(block).features());
    }
    for (Tensor* tensor : {&embeddings_, &errors_}) {
      *tensor = workspace.take({rows * features}, network_.setup().master_dtype());
    }
  }

  void learn(int block, StepContext context, Tensor& totals) {
    context.block = block;
    Head& head = network_.head(block);
    Loss& loss = *losses_[static_cast<std::size_t>(block)];
    const std::int64_t rows = pass_.rows();
    const std::int64_t begin = pass_.first_row(loss.stops_gradient());
    const Tensor output = pass_.output(block);
    Tensor embeddings = embeddings_.part(0, {rows, head.features()});
    Tensor errors = errors_.part(0, embeddings.shape());
    hand_forward(head);
    head.forward(output, embeddings);
    if (loss.stops_gradient()) errors.rows(0, rows / 2).fill_zero();
    block_totals_.fill_zero();
    loss.evaluate(embeddings, context, errors, block_totals_);
    // What the top block's loss counts is what is reported.
    const bool is_top = block == network_.depth() - 1;
    ops::add_loss(block_totals_, 1.0 / network_.depth(), is_top ? Tensor() : errors.rows(rows, rows), totals);
    BlockStep step = pass_.step(block, begin, rows);
    head.backward(output, embeddings, errors, begin, rows, step.error);
    const UpdateOptions options(context.learning_rate, &updates_);
    head.learn(output, begin, rows, options);
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
  std::vector<std::unique_ptr<Loss>> losses_;  // by block
  UpdateQueue updates_;
  std::vector<Tensor> handed_;
  Tensor embeddings_, errors_;  // flat; of one block at a time
  Tensor block_totals_;
  std::size_t memory_;
};

const Registration<RuleRegistry, Local, NoOptions> registration(
    "local", "every block learns in every step under a head of its own, all from one forward pass");

}  // namespace
}  // namespace biossl
