#pragma once

#include <vector>

#include "biossl/ops/parameter_step.h"

namespace biossl {

class Synapses;

/// The synapses that have learnt in a training step and whose weights are still to change. A rule that hands it to
/// Synapses::learn has all of them change at once, in take(): so whatever the step computes is computed with the
/// weights from before it, and a device changes all of them in one pass.
class StepsTogether {
 public:
  void add(Synapses& synapses, double learning_rate);
  /// Changes the weights; none is left to change.
  void take();
  /// Forgets those that are left over from a step that an exception has ended.
  void clear() { waiting_.clear(); }

 private:
  struct Waiting {
    Synapses* synapses;
    double learning_rate;
  };
  std::vector<Waiting> waiting_;
  std::vector<ParameterStep*> steps_;  // of one optimiser; kept, so that nothing is allocated
};

}  // namespace biossl
