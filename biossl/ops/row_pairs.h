#pragma once

#include <cstdint>
#include <span>

#include "biossl/core/tensor.h"

// The operation of losses that compare chosen rows of one matrix. A GPU has none of it: there it throws
// std::invalid_argument.

namespace biossl {

/// Two rows of a matrix, and what their term of a loss weighs.
struct RowPair {
  std::int32_t one, other;
  double weight;  ///< > 0: their product is to be 1 or more; < 0: -1 or less
};

namespace ops {

/// A hinge on the inner products of pairs of rows (R, D) float32, or float64 on the reference device:
///   L = sum_p |weight_p| [1 - sign(weight_p) s_p]+,  s_p = <rows[one_p], rows[other_p]>
///   errors[r] = -sum_{p active} weight_p (rows[other_p] where one_p = r, and rows[one_p] where other_p = r)
/// A row in no pair gets an error of zero. Adds L to totals[0]; totals (2, float64). The result does not depend on the
/// number of threads.
void product_hinge(const Tensor& rows, std::span<const RowPair> pairs, Tensor& errors, Tensor& totals);

}  // namespace ops
}  // namespace biossl
