#include "biossl/ops/ops.h"
#include "biossl/optim/optimizer.h"

namespace biossl {
namespace {

struct SgdOptions {
  double momentum = 0.9;
  double weight_decay = 0.0;

  template <class Visitor>
  void visit(Visitor& field) {
    field("momentum", momentum, "how much of the last step is taken again; 0: plain gradient descent");
    field("weight_decay", weight_decay, "decoupled: a weight loses learning rate * weight_decay of itself in a step");
  }
};

class SgdOptimizer final : public Optimizer {
 public:
  explicit SgdOptimizer(const SgdOptions& options) : sgd_{options.momentum, options.weight_decay} {
    check(sgd_.momentum >= 0 && sgd_.momentum < 1, "sgd", "momentum = {} must lie in [0, 1)", sgd_.momentum);
    check(sgd_.weight_decay >= 0, "sgd", "weight_decay = {} may not be negative", sgd_.weight_decay);
  }

  std::vector<std::string> state_names() const override { return {"velocity"}; }
  void step(std::span<ParameterStep* const> steps) const override { ops::sgd_step(sgd_, steps); }

 private:
  Sgd sgd_;
};

const Registration<OptimizerRegistry, SgdOptimizer, SgdOptions> registration(
    "sgd", "stochastic gradient descent with momentum");

}  // namespace
}  // namespace biossl
