#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "biossl/core/plausibility.h"
#include "biossl/core/registry.h"
#include "biossl/core/state.h"
#include "biossl/core/step_context.h"
#include "biossl/losses/loss.h"
#include "biossl/network/network.h"

namespace biossl {

/// What a rule works on. The network must outlive the rule.
struct RuleSetup {
  Network& network;
  LossFactory loss;     ///< makes the loss of each head
  std::int64_t batch;   ///< the largest number of pairs in a batch; of other rows half as many, rounded up
  std::int64_t epochs;  ///< what the recipe asks for (train.epochs)
  std::uint64_t seed;
  std::int64_t micro_batch = 0;  ///< pairs to learn from at a time, their updates added up over a batch; 0: all
};

/// Decides which block learns, when, and from which error.
class LearningRule {
 public:
  static constexpr const char* kind = "learning rule";
  /// What tables and notes ask before a rule is made.
  struct Traits {
    bool learns = true;        ///< false: nothing learns; neither loss nor feedback path matters
    bool sends_errors = true;  ///< false: errors cross no layer of the encoder, so its feedback path is not used
  };

  virtual ~LearningRule() = default;

  /// One batch: images (2B, H, W, C) in the compute type, rows 0..B-1 view 0, rows B..2B-1 view 1; for a loss that
  /// compares patches, the patches in the order of its embeddings. Adds to totals as Loss::evaluate does.
  virtual void step(const Tensor& images, const StepContext& context, Tensor& totals) = 0;
  /// Epochs of the whole run; layer-wise rules train every block for the recipe's epochs.
  virtual std::int64_t total_epochs() const = 0;
  /// Epochs that a learning-rate schedule spans, warm-up and all, before it starts again.
  virtual std::int64_t schedule_epochs() const { return total_epochs(); }
  /// What learns in an epoch, for the reader ("block 1 of 0-4"); empty where that is everything or changes within it.
  virtual std::string stage(std::int64_t /*epoch*/) const { return {}; }
  /// The blocks whose health is measured after an epoch: those that learnt under heads of their own. Empty, the
  /// default: every block that has a head, or every block of a network without heads. Others than the network's are
  /// refused.
  virtual std::vector<int> measured_blocks(std::int64_t /*epoch*/) const { return {}; }
  /// Epochs whose first steps are one of each kind of step that the rule takes, for timing; none where nothing learns.
  virtual std::vector<std::int64_t> sample_epochs() const { return {0}; }
  virtual Plausibility plausibility() const = 0;
  /// Bytes that a step lays out activity and errors in, everything but what learns and the loss's own buffers; 0 where
  /// the rule does not say.
  virtual std::size_t activity_bytes() const { return 0; }
  /// What a checkpoint keeps of the rule and its losses.
  virtual State state() { return {}; }
  /// Called after the state has been written from a checkpoint.
  virtual void restored() {}
};

using RuleRegistry = Registry<LearningRule, const RuleSetup&>;

}  // namespace biossl
