#include "biossl/feedback/feedback.h"

namespace biossl {
namespace {

/// F = W: backpropagation. The error descends over the very weights the activity rose by.
class Transpose final : public Feedback {
 public:
  explicit Transpose(const NoOptions& /*options*/) {}

  std::string_view name() const override { return "transpose"; }
  const Weights& weights(const Weights& forward, std::int64_t /*steps*/) override { return forward; }
  bool separate_weights() const override { return false; }
  std::string_view account() const override { return "Errors descend over the forward weights themselves."; }
};

const Registration<FeedbackRegistry, Transpose, NoOptions> registration(
    "transpose", "the forward weights themselves: backpropagation (BP)");

}  // namespace
}  // namespace biossl
