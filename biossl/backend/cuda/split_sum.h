#pragma once

#include <cstdint>

namespace biossl::cuda {

/// A sum that is computed in parts, which are added afterwards.
struct SplitSum {
  std::int32_t share;  // terms per part
  std::int32_t parts;
};

/// The number of parts for `tiles` tiles of sums: enough to occupy the device, each a multiple of `step` terms. It
/// depends on the extents only, so the result has the same bits on every run.
SplitSum split_sum(std::int64_t terms, std::int64_t tiles, std::int64_t step);

/// dst[i] = sum over the parts of parts[p * size + i], 0 <= i < size.
void add_parts_up(const float* parts, std::int64_t count, std::int64_t size, float* dst);

}  // namespace biossl::cuda
