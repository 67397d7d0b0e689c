#pragma once

#include <cstdint>
#include <vector>

#include "biossl/core/tensor.h"

namespace biossl {

/// An optimiser's step on the parameters of one layer, P numbers in one piece. All tensors are (P), of one type and
/// device; those of a step that changes several layers at once are on one device.
struct ParameterStep {
  Tensor update;
  Tensor values;                ///< changed in place
  std::vector<Tensor> state{};  ///< the optimiser's, changed in place
  double learning_rate = 0;
  std::int64_t number = 0;  ///< of these parameters' steps, counted from 1
};

}  // namespace biossl
