#pragma once

#include <vector>

#include "biossl/network/plasticity.h"
#include "biossl/optim/optimizer.h"

namespace biossl {

/// Parameters with an update that an optimiser can apply.
class Updatable {
 public:
  virtual ~Updatable() = default;

  virtual const Optimizer& optimizer() const = 0;
  /// The optimiser's step for the last update. Whoever calls it applies the step and then calls end_update().
  virtual ParameterStep& begin_update(double learning_rate) = 0;
  virtual void end_update() = 0;
};

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

/// How an update is computed and applied. Converts from a learning rate: computed for a whole batch, applied at once.
struct UpdateOptions {
  double learning_rate;
  bool accumulate = false;  ///< add to the update of the batch's earlier micro-batches
  bool apply = true;        ///< false: the batch has further micro-batches, whose updates are to be added
  UpdateQueue* queue;       ///< where the update waits to be applied; null: it is applied at once
  /// g (O), of the weights' type: a unit's weights get the update plus g times themselves, for plasticity without an
  /// error: dW_k = -sum_n (f_nk x_n - g_nk W_k) as the update, f the error's negative, g summed over n. Empty: none.
  Tensor unit_decay{};
  Plasticity* plasticity = nullptr;  ///< what changes the finished update; null: nothing

  UpdateOptions(double rate, UpdateQueue* waits_in = nullptr)  // NOLINT(google-explicit-constructor)
      : learning_rate(rate), queue(waits_in) {}
};

}  // namespace biossl
