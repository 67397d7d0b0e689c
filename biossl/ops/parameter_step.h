#pragma once

#include <cstdint>
#include <vector>

#include "biossl/core/tensor.h"

namespace biossl {

/// An optimiser's step on the parameters of one layer, P numbers in one piece:
///   values <- values + increment - decay * values - learning_rate * weight_decay * values
/// The optimiser computes the increment from the update; weight_decay is its own setting. All tensors are (P), of one
/// type and device; the steps that are taken together are on one device.
struct ParameterStep {
  Tensor update;
  Tensor values;                ///< changed in place
  std::vector<Tensor> state{};  ///< the optimiser's, changed in place
  double learning_rate = 0;
  std::int64_t number = 0;  ///< of these parameters' steps, counted from 1
  double decay = 0;         ///< the share of itself that a value loses in this step, whatever the learning rate
  Tensor increment{};       ///< where the increment is written; may be empty. Not on a GPU.
};

}  // namespace biossl
