#pragma once

#include "biossl/core/tensor.h"

namespace biossl {

/// Changes the finished update of a layer before the optimiser takes its step: it may scale it as a whole, or each
/// output unit's part by a rate of that unit.
class Plasticity {
 public:
  virtual ~Plasticity() = default;

  /// weights and weight_update: (O, ...), one row an output unit; bias_update: (O), or empty.
  virtual void transform(const Tensor& weights, Tensor& weight_update, Tensor& bias_update) = 0;
};

}  // namespace biossl
