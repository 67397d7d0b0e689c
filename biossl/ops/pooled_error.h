#pragma once

#include <cstdint>
#include <utility>

#include "biossl/core/tensor.h"

namespace biossl {

/// The error of the units of a map: of every unit, or, below a max-pool, of the maximum of each window; the others are
/// zero. The pooled form saves the multiplications with these zeros (3 of 4 numbers for window 2).
struct PooledError {
  Tensor values;            ///< (N, H, W, O); below a max-pool one per window, (N, H', W', O)
  Tensor argmax;            ///< uint8, shape of values: which unit of the window is the maximum; empty without a pool
  std::int64_t window = 1;  ///< side of a window
  Tensor scratch;           ///< below a max-pool: flat, size N*H*W*O

  PooledError(Tensor of_every_unit) : values(std::move(of_every_unit)) {}  // NOLINT(google-explicit-constructor)
  PooledError(Tensor of_maxima, Tensor maxima, std::int64_t side, Tensor room)
      : values(std::move(of_maxima)), argmax(std::move(maxima)), window(side), scratch(std::move(room)) {}

  bool is_pooled() const { return !argmax.empty(); }
};

}  // namespace biossl
