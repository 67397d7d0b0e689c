#pragma once

#include <vector>

#include "biossl/rules/encoder_pass.h"
#include "biossl/rules/head_pass.h"
#include "biossl/rules/rule.h"

namespace biossl {

/// Direct feedback alignment (Nokland 2016). The error e of the top embedding goes to every block over a fixed random
/// matrix R_l of that block's own; no error passes from block to block:
///   error of block l's output = R_l e,  R_l (H' W' C', D) uniform in +-1/sqrt(D)
/// The head learns from e itself. The matrices are part of the state, so that a run which starts with another's weights
/// sends errors over the paths to which these have come to fit. A variant derives from it and changes what is
/// broadcast.
class DirectFeedback : public LearningRule {
 public:
  static constexpr const char* abbreviation = "DFA";
  static constexpr Traits traits{.sends_errors = false};

  DirectFeedback(const NoOptions& options, const RuleSetup& setup);

  void step(const Tensor& images, const StepContext& context, Tensor& totals) override;
  std::int64_t total_epochs() const override { return epochs_; }
  Plausibility plausibility() const override {
    return {.account = "The top error is broadcast to every block over fixed random weights."};
  }
  std::size_t activity_bytes() const override { return memory_; }
  State state() override;
  void restored() override;

 protected:
  /// Turns the errors of the embeddings, (N, D) in the compute type, into what is broadcast; by default they are.
  virtual void transform(Tensor& /*errors*/) const {}

 private:
  void prepare(Workspace& workspace, std::int64_t rows);

  Network& network_;
  std::int64_t epochs_;
  int top_;  // the last block
  HeadPass head_pass_;
  EncoderPass pass_;
  std::vector<Weights> broadcast_;  // R_l by block
  UpdateQueue updates_;
  Tensor sent_;  // (2B, D): what is broadcast
  std::size_t memory_;
};

}  // namespace biossl
