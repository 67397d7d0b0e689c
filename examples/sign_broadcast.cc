#include "biossl/ops/elementwise.h"
#include "biossl/rules/direct_feedback.h"

// A variant of a learning rule (docs/extending.md): direct feedback alignment that broadcasts signs alone.
namespace biossl {
namespace {

/// Every block gets R_l sign(e) in place of R_l e: the broadcast says which way, not how far.
class SignBroadcast final : public DirectFeedback {
 public:
  static constexpr const char* abbreviation = "sDFA";

  SignBroadcast(const NoOptions& options, const RuleSetup& setup) : DirectFeedback(options, setup) {
    ops::require_host(setup.network.setup().device, "sign_broadcast");
  }

 protected:
  void transform(Tensor& errors) const override { ops::apply(Function::sign, errors, errors); }
};

const Registration<RuleRegistry, SignBroadcast, NoOptions> registration(
    "sign_broadcast", "direct feedback alignment with the signs of the top error alone");

}  // namespace
}  // namespace biossl
