#pragma once

#include <cstdint>
#include <utility>

#include "biossl/core/tensor.h"

namespace biossl {

/// The error of the units of a map: of every unit, or, below a max-pool, of the one unit in each window that won it,
/// the others' being zero. Spreading such errors over their windows would make three of four numbers zeros to multiply
/// with.
struct PooledError {
  Tensor values;            ///< (N, H, W, O); below a max-pool one for each window, (N, H', W', O)
  Tensor argmax;            ///< uint8, as values: which unit of the window won it; empty where every unit has an error
  std::int64_t window = 1;  ///< side of a window
  Tensor scratch;           ///< below a max-pool: flat, with room for (N, H, W, O)

  PooledError(Tensor of_every_unit) : values(std::move(of_every_unit)) {}  // NOLINT(google-explicit-constructor)
  PooledError(Tensor of_winners, Tensor winners, std::int64_t side, Tensor room)
      : values(std::move(of_winners)), argmax(std::move(winners)), window(side), scratch(std::move(room)) {}

  bool is_pooled() const { return !argmax.empty(); }
};

}  // namespace biossl
