#include "biossl/rules/head_pass.h"

#include "biossl/core/error.h"

namespace biossl {

HeadPass::HeadPass(Network& network, int block, const LossFactory& loss)
    : network_(network), block_(block), loss_(loss(block, network.add_head(block).features())) {}

void HeadPass::prepare(std::int64_t rows, Workspace& workspace) {
  head().prepare(rows, workspace);
  for (Tensor* tensor : {&embeddings_, &errors_}) {
    *tensor = workspace.take({rows * head().features()}, network_.setup().master_dtype());
  }
}

void HeadPass::share(const Tensor& embeddings, const Tensor& errors) {
  embeddings_ = embeddings;
  errors_ = errors;
}

void HeadPass::forward(const Tensor& output) {
  output_ = output;
  Tensor made = embeddings();
  head().forward(output_, made);
}

void HeadPass::evaluate(const StepContext& context, Tensor& totals) {
  Tensor of_all = errors();
  // A loss leaves these rows alone, and where a block needs the whole batch its head learns from all rows.
  if (loss_->stops_gradient()) of_all.rows(0, of_all.extent(0) / 2).fill_zero();
  loss_->evaluate(embeddings(), context, of_all, totals);
}

void HeadPass::backward(std::int64_t begin, std::int64_t end, Tensor& error_output) {
  Tensor of_all = errors();
  head().backward(output_, embeddings(), of_all, begin, end, error_output);
}

void HeadPass::learn(std::int64_t begin, std::int64_t end, const UpdateOptions& options) {
  head().learn(output_, begin, end, options);
}

void refuse_micro_batch(std::string_view rule, std::int64_t micro_batch, std::string_view reason) {
  check(micro_batch == 0, rule, "micro_batch = {}: {}; leave it at 0", micro_batch, reason);
}

}  // namespace biossl
