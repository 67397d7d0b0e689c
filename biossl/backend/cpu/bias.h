#pragma once

#include <algorithm>
#include <cstdint>

#include "biossl/core/level.h"
#include "biossl/core/parallel.h"
#include "biossl/core/tensor.h"

namespace biossl::cpu::BIOSSL_LEVEL {

/// d_bias[o] = the sum of errors (…, O) of type T over all pixels, in their order. An empty d_bias stays empty.
template <class T>
void sum_bias(const Tensor& errors, Tensor& d_bias) {
  const std::int64_t outputs = d_bias.size();
  parallel_for(outputs, 16, [&](std::int64_t begin, std::int64_t end) {
    float* sums = d_bias.data<float>();
    std::fill(sums + begin, sums + end, 0.0F);
    for (std::int64_t row = 0; row < errors.size() / outputs; ++row) {
      const T* error = errors.data<T>() + row * outputs;
      for (std::int64_t o = begin; o < end; ++o) sums[o] += static_cast<float>(error[o]);
    }
  });
}

}  // namespace biossl::cpu::BIOSSL_LEVEL
