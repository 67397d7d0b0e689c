#pragma once

#include "biossl/core/tensor.h"

namespace biossl {

/// (N, H, W, C) to (N, C, H, W), of any type in host memory.
Tensor channels_first(const Tensor& maps);
/// (N, C, H, W) to (N, H, W, C), likewise.
Tensor channels_last(const Tensor& maps);

}  // namespace biossl
