#include "biossl/rules/direct_feedback.h"

#include <fmt/format.h>

#include <cmath>

#include "biossl/ops/ops.h"

namespace biossl {

DirectFeedback::DirectFeedback(const NoOptions& /*options*/, const RuleSetup& setup)
    : network_(setup.network),
      epochs_(setup.epochs),
      top_(setup.network.depth() - 1),
      loss_(setup.loss(top_, network_.add_head(top_).features())),
      pass_(network_, 2 * setup.batch) {
  check_reads_no_blocks(network_.head(top_));
  check(setup.micro_batch == 0, "dfa", "micro_batch = {}: every block keeps its whole batch; leave it at 0",
        setup.micro_batch);
  const SynapsesSetup& its = network_.setup();
  const std::int64_t features = network_.head(top_).features();
  const float bound = 1.0F / std::sqrt(static_cast<float>(features));
  for (int block = 0; block <= top_; ++block) {
    Tensor drawn({network_.block(block).plan().output.size(), features}, its.master_dtype(), its.device);
    ops::draw_uniform(Random(setup.seed, "dfa.broadcast", 0, static_cast<std::uint32_t>(block)), bound, drawn);
    broadcast_.emplace_back(drawn);
  }
  const auto lay_out = [&](Workspace& workspace) { prepare(workspace, 2 * setup.batch); };
  memory_ = Workspace::fit(its.device, lay_out).bytes();
}

void DirectFeedback::prepare(Workspace& workspace, std::int64_t rows) {
  pass_.prepare(workspace);
  Head& head = network_.head(top_);
  head.prepare(rows, workspace);
  const Shape shape{rows, head.features()};
  for (Tensor* tensor : {&embeddings_, &errors_}) *tensor = workspace.take(shape, network_.setup().master_dtype());
  sent_ = workspace.take(shape, network_.setup().dtype);
}

void DirectFeedback::step(const Tensor& images, const StepContext& context, Tensor& totals) {
  updates_.clear();
  pass_.run(images);
  const std::int64_t rows = pass_.rows();
  const std::int64_t begin = pass_.first_row(loss_->stops_gradient());
  const UpdateOptions options(context.learning_rate, &updates_);
  Head& head = network_.head(top_);
  const Tensor output = pass_.output(top_);
  Tensor embeddings = embeddings_.rows(0, rows);
  Tensor errors = errors_.rows(0, rows);
  Tensor sent = sent_.rows(begin, rows);
  head.forward(output, embeddings);
  if (loss_->stops_gradient()) errors.rows(0, rows / 2).fill_zero();
  loss_->evaluate(embeddings, context, errors, totals);
  ops::convert(errors.rows(begin, rows), sent);
  transform(sent);
  Tensor goes_no_further;
  head.backward(output, embeddings, errors, begin, rows, goes_no_further);
  head.learn(output, begin, rows, options);
  for (int index = top_; index >= 0; --index) {
    Block& block = network_.block(index);
    BlockStep step = pass_.step(index, begin, rows);
    Tensor error = step.error.reshaped({rows - begin, block.plan().output.size()});
    ops::linear_forward(sent, broadcast_[static_cast<std::size_t>(index)], {}, Activation::none, error);
    block.backward(step, goes_no_further);
    block.learn(step, options);
  }
  updates_.apply();
}

State DirectFeedback::state() {
  State state = state_of_loss(*loss_, top_);
  for (std::size_t block = 0; block < broadcast_.size(); ++block) {
    state.push_back(
        {fmt::format("broadcast.{}", block), broadcast_[block].values(), {}, broadcast_[block].values().shape()});
  }
  return state;
}

void DirectFeedback::restored() {
  loss_->restored();
  for (Weights& matrix : broadcast_) matrix.changed();
}

namespace {

const Registration<RuleRegistry, DirectFeedback, NoOptions> registration(
    "dfa", "direct feedback alignment: the top error goes to every block over fixed random weights (Nokland 2016)");

}  // namespace
}  // namespace biossl
