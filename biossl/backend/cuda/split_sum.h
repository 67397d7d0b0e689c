#pragma once

#include <cstdint>

namespace biossl::cuda {

/// The terms of a sum in parts, which are added up afterwards.
struct SplitSum {
  std::int32_t share;  // terms of a part
  std::int32_t parts;
};

/// Parts of a multiple of `step` terms, so many that `tiles` tiles of sums occupy the device: a number that depends on
/// the extents alone, and so do the bits of the result.
SplitSum split_sum(std::int64_t terms, std::int64_t tiles, std::int64_t step);

/// dst[i] = the sum of the parts' i-th, of which each has `size`.
void add_parts_up(const float* parts, std::int64_t count, std::int64_t size, float* dst);

}  // namespace biossl::cuda
