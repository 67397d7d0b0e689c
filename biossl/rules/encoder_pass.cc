#include "biossl/rules/encoder_pass.h"

#include <algorithm>

namespace biossl {

EncoderPass::EncoderPass(Network& network, std::int64_t rows)
    : network_(network),
      rows_(rows),
      pass_(network, network.depth() - 1, rows, 0),
      activity_(static_cast<std::size_t>(network.depth())) {
  for (int index = 0; index < network.depth(); ++index) {
    whole_batch_ = whole_batch_ || network.block(index).plan().needs_whole_batch;
  }
}

void EncoderPass::prepare(Workspace& workspace) {
  const DType dtype = network_.setup().dtype;
  pass_.prepare(workspace);
  std::int64_t largest = 0;
  std::int64_t scratch = 0;
  for (int index = 0; index < network_.depth(); ++index) {
    const BlockPlan& plan = network_.block(index).plan();
    Activity& activity = activity_[static_cast<std::size_t>(index)];
    activity.output = workspace.take(batch_of(rows_, plan.output), dtype);
    network_.block(index).take_kept(rows_, dtype, workspace, activity);
    largest = std::max(largest, plan.output.size());
    scratch = std::max(scratch, plan.backward_scratch);
  }
  error_ = workspace.take({rows_ * largest}, dtype);
  scratch_ = workspace.take({rows_ * scratch}, dtype);
}

void EncoderPass::run(const Tensor& images) {
  images_ = images;
  pass_.run(images, activity_);
}

Tensor EncoderPass::input(int block) const { return block == 0 ? images_ : output(block - 1); }

Tensor EncoderPass::output(int block) const {
  check(block >= 0 && block < network_.depth(), "encoder_pass", "there is no block {}; the network has {}", block,
        network_.depth());
  return activity_[static_cast<std::size_t>(block)].output.rows(0, rows());
}

BlockStep EncoderPass::step(int block, std::int64_t begin, std::int64_t end) const {
  return {.input = input(block).rows(begin, end),
          .activity = activity_[static_cast<std::size_t>(block)].rows(begin, end),
          .error = error_.part(0, batch_of(end - begin, network_.block(block).plan().output)),
          .scratch = scratch_};
}

}  // namespace biossl
