#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "biossl/core/level.h"
#include "biossl/core/parallel.h"
#include "biossl/core/tensor.h"

namespace biossl::cpu::BIOSSL_LEVEL {

/// sums[o] += the sum over rows [begin, end) of errors[row][o]: 256 rows at a time in single precision.
template <class T>
void add_rows(const T* errors, std::int64_t outputs, std::int64_t begin, std::int64_t end, double* sums) {
  thread_local std::vector<float> some;
  some.resize(static_cast<std::size_t>(outputs));
  for (std::int64_t first = begin; first < end; first += 256) {
    std::fill(some.begin(), some.end(), 0.0F);
    float* __restrict sum = some.data();
    for (std::int64_t row = first; row < std::min(first + 256, end); ++row) {
      const T* error = errors + row * outputs;
#pragma omp simd
      for (std::int64_t o = 0; o < outputs; ++o) sum[o] += static_cast<float>(error[o]);
    }
    for (std::int64_t o = 0; o < outputs; ++o) sums[o] += static_cast<double>(sum[o]);
  }
}

/// d_bias[o] = the sum of errors (…, O) of type T over all pixels. An empty d_bias stays empty. The sum is made of
/// pieces of so many rows, which are added in order, so that it does not depend on the number of threads.
template <class T>
void sum_bias(const Tensor& errors, Tensor& d_bias) {
  constexpr std::int64_t rows_of_piece = 4096;
  const std::int64_t outputs = d_bias.size();
  if (outputs == 0) return;
  const std::int64_t rows = errors.size() / outputs;
  const std::int64_t pieces = (rows + rows_of_piece - 1) / rows_of_piece;
  thread_local std::vector<double> kept;
  kept.assign(static_cast<std::size_t>(pieces * outputs), 0.0);
  double* const shares = kept.data();
  parallel_for(pieces, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t piece = begin; piece < end; ++piece) {
      const std::int64_t first = piece * rows_of_piece;
      add_rows(errors.data<T>(), outputs, first, std::min(first + rows_of_piece, rows), shares + piece * outputs);
    }
  });
  for (std::int64_t o = 0; o < outputs; ++o) {
    double sum = 0;
    for (std::int64_t piece = 0; piece < pieces; ++piece) sum += shares[piece * outputs + o];
    d_bias.data<float>()[o] = static_cast<float>(sum);
  }
}

}  // namespace biossl::cpu::BIOSSL_LEVEL
