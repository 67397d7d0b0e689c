#include "biossl/rules/rule.h"

namespace biossl {
namespace {

/// Nothing learns: what the architecture alone is worth, the floor that every rule is compared with.
class NoLearning final : public LearningRule {
 public:
  static constexpr Traits traits{.learns = false, .sends_errors = false};

  NoLearning(const NoOptions& /*options*/, const RuleSetup& setup) {
    setup.network.add_head(setup.network.depth() - 1);  // so that its embeddings can be looked at
  }

  void step(const Tensor& /*images*/, const StepContext& /*context*/, Tensor& /*totals*/) override {}
  std::int64_t total_epochs() const override { return 0; }
  Plausibility plausibility() const override { return {}; }
  std::vector<std::int64_t> sample_epochs() const override { return {}; }
};

const Registration<RuleRegistry, NoLearning, NoOptions> registration(
    "none", "nothing learns: the encoder as it starts, to compare with");

}  // namespace
}  // namespace biossl
