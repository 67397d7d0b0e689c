#pragma once

#include <cstdint>

#include "biossl/core/level.h"
#include "biossl/ops/types.h"

// The contrastive hinge of single pairs, for the CPU's vectorised loops and the GPU's kernels: one row of one view
// against the rows of the other view.
namespace biossl::shared {
inline namespace BIOSSL_LEVEL {

/// The half-open range of rows of the other view that a row is compared with, including its partner, the row of the
/// same number. N holds (i, i+k), k = 1..recent: row j of the current view has j-recent .. j-1, row i of the earlier
/// view has i+1 .. i+recent.
struct HingePartners {
  std::int64_t begin, end;
};

constexpr HingePartners hinge_partners(const Hinge& hinge, std::int64_t row, std::int64_t rows, bool current) {
  if (hinge.recent == 0) return {0, rows};
  const std::int64_t first = row > hinge.recent ? row - hinge.recent : 0;
  const std::int64_t last = row + hinge.recent < rows ? row + hinge.recent : rows - 1;
  return current ? HingePartners{first, row + 1} : HingePartners{row, last + 1};
}

/// The factor of a pair's signs in the error: 1 for a positive pair, -negative_weight for a negative one, 0 if the
/// hinge is zero. Adds to the loss. A NaN distance counts, so that it is noticed.
constexpr float hinge_pair(const Hinge& hinge, float distance, bool positive, double& loss) {
  const float miss = positive ? distance - hinge.positive_threshold : hinge.negative_threshold - distance;
  if (miss <= 0.0F) return 0.0F;
  const float weight = positive ? 1.0F : hinge.negative_weight;
  loss += static_cast<double>(weight) * static_cast<double>(miss);
  return positive ? weight : -weight;
}

}  // namespace BIOSSL_LEVEL
}  // namespace biossl::shared
