#pragma once

#include <cstddef>

#include "biossl/core/dtype.h"
#include "biossl/ops/weights.h"

namespace biossl::cuda {

/// The weights, laid out as their values are, in a type: float32 are the values themselves, bfloat16 a copy that is
/// made anew when they have changed. Device memory that lives as long as the weights do.
const std::byte* weights_as(DType dtype, const Weights& weights);

}  // namespace biossl::cuda
