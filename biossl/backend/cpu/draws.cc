#include "biossl/backend/shared/draws.h"

#include "biossl/backend/backend.h"
#include "biossl/backend/cpu/elements.h"
#include "biossl/core/parallel.h"

namespace biossl::cpu::BIOSSL_LEVEL {

void draw_uniform(const Random& stream, float bound, Tensor& dst) {
  float* to = dst.data<float>();
  parallel_for(dst.size(), element_grain, [&](std::int64_t begin, std::int64_t end) {
    Random random = stream.ahead(begin);
    for (std::int64_t i = begin; i < end; ++i) to[i] = random.symmetric(bound);
  });
}

void draw_negatives(const Random& stream, Tensor& dst) {
  const std::int64_t count = dst.size();
  for (std::int64_t i = 0; i < count; ++i) dst.data<std::int32_t>()[i] = shared::other_than(i, count, stream);
}

void random_permutation(const Random& stream, Tensor& dst) {
  shared::random_permutation(stream, dst.span<std::int32_t>());
}

}  // namespace biossl::cpu::BIOSSL_LEVEL
