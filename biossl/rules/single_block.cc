#include "biossl/rules/single_block.h"

#include <algorithm>

namespace biossl {

SingleBlock::SingleBlock(Network& network, int index, std::int64_t rows) : block_(network.block(index)) {
  const SynapsesSetup& setup = network.setup();
  activity_ = block_.make_activity(rows, setup.dtype, setup.device);
  errors_ = Tensor(activity_.output.shape(), setup.dtype, setup.device);
  const std::int64_t scratch = std::max<std::int64_t>(rows * block_.plan().backward_scratch, 1);
  scratch_ = Tensor({scratch}, setup.dtype, setup.device);
}

Tensor SingleBlock::forward(const Tensor& input) {
  const std::int64_t rows = input.extent(0);
  step_ = {.input = input, .activity = activity_.rows(0, rows), .error = errors_.rows(0, rows), .scratch = scratch_};
  step_.activity.scratch = activity_.scratch;
  block_.forward(input, step_.activity, Mode::training);
  return step_.activity.output;
}

void SingleBlock::learn(const UpdateOptions& options) {
  Tensor goes_no_further;
  block_.backward(step_, goes_no_further);
  block_.learn(step_, options);
}

}  // namespace biossl
