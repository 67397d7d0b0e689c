#include "biossl/rules/direct_feedback.h"

#include <fmt/format.h>

#include <cmath>

#include "biossl/ops/ops.h"

namespace biossl {

DirectFeedback::DirectFeedback(const NoOptions& /*options*/, const RuleSetup& setup)
    : network_(setup.network),
      epochs_(setup.epochs),
      top_(setup.network.depth() - 1),
      head_pass_(network_, top_, setup.loss),
      pass_(network_, 2 * setup.batch) {
  check_reads_no_blocks(head_pass_.head());
  refuse_micro_batch("dfa", setup.micro_batch);
  const SynapsesSetup& its = network_.setup();
  const std::int64_t features = head_pass_.head().features();
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
  head_pass_.prepare(rows, workspace);
  sent_ = workspace.take({rows, head_pass_.head().features()}, network_.setup().dtype);
}

void DirectFeedback::step(const Tensor& images, const StepContext& context, Tensor& totals) {
  updates_.clear();
  pass_.run(images);
  const std::int64_t rows = pass_.rows();
  const std::int64_t begin = pass_.first_row(head_pass_.loss().stops_gradient());
  const UpdateOptions options(context.learning_rate, &updates_);
  Tensor sent = sent_.rows(begin, rows);
  head_pass_.forward(pass_.output(top_));
  head_pass_.evaluate(context, totals);
  ops::convert(head_pass_.errors().rows(begin, rows), sent);
  transform(sent);
  Tensor goes_no_further;
  head_pass_.backward(begin, rows, goes_no_further);
  head_pass_.learn(begin, rows, options);
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
  State state = head_pass_.state();
  for (std::size_t block = 0; block < broadcast_.size(); ++block) {
    state.push_back(
        {fmt::format("broadcast.{}", block), broadcast_[block].values(), {}, broadcast_[block].values().shape()});
  }
  return state;
}

void DirectFeedback::restored() {
  head_pass_.loss().restored();
  for (Weights& matrix : broadcast_) matrix.changed();
}

namespace {

const Registration<RuleRegistry, DirectFeedback, NoOptions> registration(
    "dfa", "direct feedback alignment: the top error goes to every block over fixed random weights (Nokland 2016)");

}  // namespace
}  // namespace biossl
