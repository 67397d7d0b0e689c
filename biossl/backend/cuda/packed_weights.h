#pragma once

#include <cstddef>

#include "biossl/core/dtype.h"
#include "biossl/ops/weights.h"

namespace biossl::cuda {

/// The weights of that type in the layout of their values: float32 are the values themselves; bfloat16 is a copy, made
/// again after a change. Device memory that lives as long as the weights.
const std::byte* weights_as(DType dtype, const Weights& weights);

}  // namespace biossl::cuda
