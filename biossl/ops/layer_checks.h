#pragma once

#include "biossl/ops/checks.h"

// Checks that several operations of convolutions and pools make. Messages name an argument as the operation does.
namespace biossl::ops {

/// A convolution from src (N,H,W,I) to dst (N,H',W',O) with weights (O,K',K,I) and a bias (O), or none.
void check_convolution(std::string_view operation, const Argument& src, const Argument& weights, const Argument& bias,
                       const Argument& dst, const Conv2d& conv);

/// A pool from src (N,H,W,C) to dst (N,H/window,W/window,C).
void check_pooling(std::string_view operation, const Argument& src, std::int64_t window, const Argument& dst);

/// The numbers of the maxima in the windows of a max-pool to maps of shape `pooled`.
void check_argmax(std::string_view operation, const Argument& argmax, std::int64_t window, const Shape& pooled);

}  // namespace biossl::ops
