#include "biossl/backend/backend.h"
#include "biossl/backend/cpu/elements.h"
#include "biossl/core/parallel.h"

namespace biossl::cpu::BIOSSL_LEVEL {

void unit_range(const Tensor& pixels, const Tensor& rows, Tensor& dst) {
  const std::int64_t size = pixels.shape().row_size();
  const std::int32_t* row = rows.data<std::int32_t>();
  with_type(dst, [&](auto zero) {
    using T = decltype(zero);
    parallel_for(rows.size(), 4, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t n = begin; n < end; ++n) {
        const std::uint8_t* __restrict from = pixels.data<std::uint8_t>() + row[n] * size;
        T* __restrict to = dst.data<T>() + n * size;
#pragma omp simd
        for (std::int64_t i = 0; i < size; ++i) store(static_cast<float>(from[i]) * (1.0F / 255.0F), to[i]);
      }
    });
  });
}

}  // namespace biossl::cpu::BIOSSL_LEVEL
