#include <algorithm>

#include "biossl/backend/cuda/kernels.cuh"
#include "biossl/backend/cuda/split_sum.h"

namespace biossl::cuda {

SplitSum split_sum(std::int64_t terms, std::int64_t tiles, std::int64_t step) {
  const std::int64_t wanted = ceil_div(264, tiles);  // two blocks per multiprocessor of a Hopper GPU
  const std::int64_t parts = std::max<std::int64_t>(std::min(wanted, ceil_div(terms, 16 * step)), 1);
  const std::int64_t share = std::max(ceil_div(ceil_div(terms, parts), step), std::int64_t{1}) * step;
  return {static_cast<std::int32_t>(share), static_cast<std::int32_t>(ceil_div(terms, share))};
}

void add_parts_up(const float* parts, std::int64_t count, std::int64_t size, float* dst) {
  for_each(size, [=] __device__(std::int64_t i) {
    float sum = 0.0F;
    for (std::int64_t part = 0; part < count; ++part) sum += parts[part * size + i];
    dst[i] = sum;
  });
}

}  // namespace biossl::cuda
