#include "biossl/ops/ops.h"
#include "biossl/optim/optimizer.h"

namespace biossl {
namespace {

struct AdamOptions {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0.0;

  template <class Visitor>
  void visit(Visitor& field) {
    field("beta1", beta1, "decay of the mean of the updates");
    field("beta2", beta2, "decay of the mean of their squares");
    field("epsilon", epsilon, "added to the root of the mean square");
    field("weight_decay", weight_decay, "decoupled: a weight loses learning rate * weight_decay of itself in a step");
  }
};

class AdamOptimizer final : public Optimizer {
 public:
  explicit AdamOptimizer(const AdamOptions& options)
      : adam_{options.beta1, options.beta2, options.epsilon, options.weight_decay} {
    check(options.beta1 >= 0 && options.beta1 < 1 && options.beta2 >= 0 && options.beta2 < 1, "adam",
          "beta1 = {} and beta2 = {} must lie in [0, 1)", options.beta1, options.beta2);
    check(options.weight_decay >= 0, "adam", "weight_decay = {} may not be negative", options.weight_decay);
    check(options.epsilon > 0, "adam", "epsilon = {} must be positive", options.epsilon);
  }

  std::vector<std::string> state_names() const override { return {"m", "v"}; }
  void step(std::span<ParameterStep* const> steps) const override { ops::adam_step(adam_, steps); }

 private:
  Adam adam_;
};

const Registration<OptimizerRegistry, AdamOptimizer, AdamOptions> registration(
    "adam", "Adam (Kingma & Ba 2015): steps scaled by running moments of each weight's updates");

}  // namespace
}  // namespace biossl
