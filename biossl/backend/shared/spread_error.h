#pragma once

#include "biossl/core/level.h"
#include "biossl/ops/ops.h"

namespace biossl::shared {
inline namespace BIOSSL_LEVEL {

/// A pooled error written to the full map (N, H, W, O), in error.scratch. conv takes a map like `src` to extents H, W.
inline Tensor spread(const PooledError& error, const Tensor& src, const Conv2d& conv) {
  Tensor all = error.scratch.part(
      0, {src.extent(0), conv.output_height(src.extent(1)), conv.output_width(src.extent(2)), error.values.extent(3)});
  ops::max_pool_backward(error.values, error.values, error.argmax, error.window, Activation::none, all);
  return all;
}

}  // namespace BIOSSL_LEVEL
}  // namespace biossl::shared
