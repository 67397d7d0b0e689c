#pragma once

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

}  // namespace biossl
