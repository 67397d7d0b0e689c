#pragma once

#include <vector>

#include "biossl/network/updatable.h"

namespace biossl {

/// Updates that have been computed in a training step and not yet applied. apply() changes all parameters at once: so
/// everything that the step computes uses the weights from before it, and a device changes all layers in one pass.
class UpdateQueue {
 public:
  void add(Updatable& parameters, double learning_rate);
  /// Applies all updates; the queue is empty afterwards.
  void apply();
  /// Drops the updates of a step that ended with an exception.
  void clear() { waiting_.clear(); }

 private:
  struct Waiting {
    Updatable* parameters;
    double learning_rate;
  };
  std::vector<Waiting> waiting_;
  std::vector<ParameterStep*> steps_;  // of one optimiser; a member, so that a step allocates nothing
};

}  // namespace biossl
