#pragma once

#include <cstddef>
#include <vector>

#include "biossl/rules/chain.h"
#include "biossl/rules/rule.h"

namespace biossl {

/// What layer-wise rules are made of: every block with a head of its own, on top of the blocks below, which run
/// forward only. One block learns at a time, so all share the memory that the largest of them needs, whatever the
/// depth. A step can reach one block and its head and nothing else.
class LayerwiseBlocks {
 public:
  explicit LayerwiseBlocks(const RuleSetup& setup);

  int depth() const { return static_cast<int>(chains_.size()); }
  /// Bytes of activity and errors.
  std::size_t memory() const { return memory_; }
  /// As LearningRule::step, for one block.
  void step(int block, const Tensor& images, const Moment& moment, Tensor& totals) {
    chains_.at(static_cast<std::size_t>(block)).step(images, moment, totals);
  }

 private:
  std::vector<Chain> chains_;
  std::size_t memory_;
};

}  // namespace biossl
