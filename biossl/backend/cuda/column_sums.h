#pragma once

#include "biossl/core/tensor.h"

namespace biossl::cuda {

/// dst[c] = sum_n src[n][c], in a fixed order; src (N,C) float32 or bfloat16, dst (C) float32. Many rows are summed in
/// parts, in scratch().
void column_sums(const Tensor& src, Tensor& dst);

}  // namespace biossl::cuda
