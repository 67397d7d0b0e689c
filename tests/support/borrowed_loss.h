#pragma once

#include <memory>
#include <string>

#include "biossl/losses/loss.h"

namespace biossl::testing {

/// A loss that passes every call on to another one, which a test holds.
class BorrowedLoss final : public Loss {
 public:
  explicit BorrowedLoss(Loss& loss) : loss_(loss) {}

  void evaluate(const Tensor& embeddings, const StepContext& context, Tensor& errors, Tensor& totals) override {
    loss_.evaluate(embeddings, context, errors, totals);
  }
  std::string head() const override { return loss_.head(); }
  bool stops_gradient() const override { return loss_.stops_gradient(); }
  std::int64_t memory_span() const override { return loss_.memory_span(); }
  Plausibility plausibility() const override { return loss_.plausibility(); }

 private:
  Loss& loss_;
};

/// Gives every head the same loss, which must outlive them.
inline LossFactory borrowed(Loss& loss) {
  return [&loss](int /*block*/, std::int64_t /*features*/) { return std::make_unique<BorrowedLoss>(loss); };
}

}  // namespace biossl::testing
