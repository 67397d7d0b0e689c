#include "biossl/backend/backend.h"
#include "biossl/backend/cpu/elements.h"
#include "biossl/core/parallel.h"

namespace biossl::cpu::BIOSSL_LEVEL {

void convert(const Tensor& src, Tensor& dst) {
  with_type(src, [&](auto from_zero) {
    with_type(dst, [&](auto to_zero) {
      using From = decltype(from_zero);
      using To = decltype(to_zero);
      const From* from = src.data<From>();
      To* to = dst.data<To>();
      parallel_for(src.size(), element_grain, [&](std::int64_t begin, std::int64_t end) {
#pragma omp simd
        for (std::int64_t i = begin; i < end; ++i) store(static_cast<float>(from[i]), to[i]);
      });
    });
  });
}

}  // namespace biossl::cpu::BIOSSL_LEVEL
