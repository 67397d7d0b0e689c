#pragma once

#include <cstddef>
#include <vector>

#include "biossl/rules/block_range.h"
#include "biossl/rules/rule.h"

namespace biossl {

/// What layer-wise rules are made of: every block with a head of its own, on top of the blocks below, which run
/// forward only. One block learns at a time, so all share the memory that the largest of them needs, whatever the
/// depth. A step can reach one block and its head and nothing else.
class LayerwiseBlocks {
 public:
  explicit LayerwiseBlocks(const RuleSetup& setup);

  int depth() const { return static_cast<int>(ranges_.size()); }
  /// Bytes of activity and errors.
  std::size_t memory() const { return memory_; }
  /// As LearningRule::step, for one block.
  void step(int block, const Tensor& images, const StepContext& context, Tensor& totals) {
    ranges_.at(static_cast<std::size_t>(block)).step(images, context, totals);
  }

  /// Of the losses of all heads.
  State state();
  void restored();

 private:
  std::vector<BlockRange> ranges_;
  std::size_t memory_;
};

}  // namespace biossl
