#pragma once

#include <cstdint>

#include "biossl/ops/types.h"

// The contrastive hinge, pair by pair, as the processor's vectorised loops and the GPU's kernels have it: one row of
// one side against the rows of the other.
namespace biossl::shared {

/// The rows of the other side that a row is compared with, a half-open range; its partner, the row of its own number,
/// is among them. N holds (i, i+k), k = 1..recent: a current view j looks back at j-recent .. j-1, a remembered one i
/// ahead at i+1 .. i+recent.
struct HingePartners {
  std::int64_t begin, end;
};

constexpr HingePartners hinge_partners(const Hinge& hinge, std::int64_t row, std::int64_t rows, bool current) {
  if (hinge.recent == 0) return {0, rows};
  const std::int64_t first = row > hinge.recent ? row - hinge.recent : 0;
  const std::int64_t last = row + hinge.recent < rows ? row + hinge.recent : rows - 1;
  return current ? HingePartners{first, row + 1} : HingePartners{row, last + 1};
}

/// What a pair's signs are multiplied by to give the error, 1 or -w, and 0 where the pair keeps its margin; adds to the
/// loss. A distance that is not a number counts, so that it is noticed.
constexpr float hinge_pair(const Hinge& hinge, float distance, bool positive, double& loss) {
  const float miss = positive ? distance - hinge.positive_threshold : hinge.negative_threshold - distance;
  if (miss <= 0.0F) return 0.0F;
  const float weight = positive ? 1.0F : hinge.negative_weight;
  loss += static_cast<double>(weight) * static_cast<double>(miss);
  return positive ? weight : -weight;
}

}  // namespace biossl::shared
