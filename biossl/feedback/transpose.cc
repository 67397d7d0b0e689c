#include "biossl/feedback/feedback.h"

namespace biossl {
namespace {

/// F = W: backpropagation. The error descends over the very weights the activity rose by.
class Transpose final : public Feedback {
 public:
  static constexpr const char* abbreviation = "BP";

  explicit Transpose(const NoOptions& /*options*/) {}

  std::string_view name() const override { return "transpose"; }
  const Weights& weights(const Weights& forward, std::int64_t /*steps*/) override { return forward; }
  Plausibility plausibility() const override {
    return {.separate_weights = false, .account = "Errors descend over the forward weights themselves."};
  }
};

const Registration<FeedbackRegistry, Transpose, NoOptions> registration(
    "transpose", "the forward weights themselves: backpropagation (BP)");

}  // namespace
}  // namespace biossl
