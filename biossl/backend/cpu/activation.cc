#include "biossl/backend/cpu/activation.h"

#include "biossl/backend/backend.h"
#include "biossl/backend/cpu/elements.h"
#include "biossl/core/parallel.h"

namespace biossl::cpu::BIOSSL_LEVEL {

void activation_backward(const Tensor& d_dst, const Tensor& dst, Activation activation, Tensor& d_src) {
  shared::with_activation(activation, [&](auto which) {
    with_type(dst, [&](auto zero) {
      using T = decltype(zero);
      const T* error = d_dst.data<T>();
      const T* output = dst.data<T>();
      T* result = d_src.data<T>();
      parallel_for(dst.size(), element_grain, [&](std::int64_t begin, std::int64_t end) {
#pragma omp simd
        for (std::int64_t i = begin; i < end; ++i) {
          const float slope = shared::activation_slope<which()>(static_cast<float>(output[i]));
          store(static_cast<float>(error[i]) * slope, result[i]);
        }
      });
    });
  });
}

}  // namespace biossl::cpu::BIOSSL_LEVEL
