#include "biossl/ops/ops.h"
#include "biossl/optim/optimizer.h"

namespace biossl {
namespace {

struct SgdOptions {
  double momentum = 0.9;

  template <class Visitor>
  void visit(Visitor& field) {
    field("momentum", momentum, "how much of the last step is taken again; 0: plain gradient descent");
  }
};

class SgdOptimizer final : public Optimizer {
 public:
  explicit SgdOptimizer(const SgdOptions& options) : momentum_(options.momentum) {
    check(momentum_ >= 0 && momentum_ < 1, "sgd", "momentum = {} must lie in [0, 1)", momentum_);
  }

  std::vector<std::string> state_names() const override { return {"velocity"}; }
  void step(std::span<ParameterStep* const> steps) const override { ops::sgd_step(momentum_, steps); }

 private:
  double momentum_;
};

const Registration<OptimizerRegistry, SgdOptimizer, SgdOptions> registration(
    "sgd", "stochastic gradient descent with momentum");

}  // namespace
}  // namespace biossl
