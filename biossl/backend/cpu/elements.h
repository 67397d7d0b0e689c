#pragma once

#include <cstdint>

#include "biossl/core/level.h"
#include "biossl/core/parallel.h"
#include "biossl/core/tensor.h"

namespace biossl::cpu::BIOSSL_LEVEL {

/// Calls body with the compute type of a tensor:
///   with_type(tensor, [&](auto zero) { using T = decltype(zero); … })
template <class Body>
void with_type(const Tensor& tensor, const Body& body) {
  if (tensor.dtype() == DType::bfloat16) return body(bfloat16());
  return body(float());
}

/// Stores a float as T; bfloat16 by its bits, because GCC does not vectorise loops that copy structs.
inline void store(float value, float& to) { to = value; }
inline void store(float value, bfloat16& to) { to.bits = bfloat16(value).bits; }

/// Smallest number of elements that is worth a thread in a parallel elementwise loop.
inline constexpr std::int64_t element_grain = 8192;

/// dst[i] = result(i), in parallel; T is dst's element type.
template <class T, class Result>
void fill_elements(Tensor& dst, const Result& result) {
  T* to = dst.data<T>();
  parallel_for(dst.size(), element_grain, [&](std::int64_t begin, std::int64_t end) {
#pragma omp simd
    for (std::int64_t i = begin; i < end; ++i) store(result(i), to[i]);
  });
}

}  // namespace biossl::cpu::BIOSSL_LEVEL
