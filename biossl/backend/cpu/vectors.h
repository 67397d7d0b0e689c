#pragma once

#include <cstdint>

#include "biossl/core/level.h"
#include "biossl/core/tensor.h"

// Loops over the numbers of one row.
namespace biossl::cpu::BIOSSL_LEVEL {

/// <x, y>
inline float dot(const float* __restrict x, const float* __restrict y, std::int64_t size) {
  float sum = 0.0F;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t k = 0; k < size; ++k) sum += x[k] * y[k];
  return sum;
}

/// to += weight * x
inline void add_scaled(float weight, const float* __restrict x, std::int64_t size, float* __restrict to) {
#pragma omp simd
  for (std::int64_t k = 0; k < size; ++k) to[k] += weight * x[k];
}

/// Number of nonzero rows of a float32 matrix.
std::int64_t count_nonzero_rows(const Tensor& matrix);

}  // namespace biossl::cpu::BIOSSL_LEVEL
