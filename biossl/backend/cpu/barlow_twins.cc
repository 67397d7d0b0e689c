#include <numeric>
#include <vector>

#include "biossl/backend/backend.h"
#include "biossl/backend/cpu/matrix_product.h"
#include "biossl/backend/cpu/vectors.h"
#include "biossl/core/parallel.h"

namespace biossl::cpu::BIOSSL_LEVEL {
namespace {

/// Replaces row i of a^T b by the derivative of the loss by it. Returns the loss of that row of C = a^T b / B.
double derive(std::int64_t i, std::int64_t features, float share, float lambda, float* __restrict row) {
  const float miss = 1.0F - share * row[i];
  row[i] = 0.0F;
  const float redundancy = share * share * dot(row, row, features);
#pragma omp simd
  for (std::int64_t j = 0; j < features; ++j) row[j] *= 2.0F * share * share * lambda;
  row[i] = -2.0F * share * miss;
  return static_cast<double>(miss * miss + lambda * redundancy);
}

}  // namespace

void barlow_twins(const Tensor& a, const Tensor& b, double lambda, Tensor& scratch, Tensor& d_a, Tensor& d_b,
                  Tensor& totals) {
  const std::int64_t features = a.extent(1);
  const float share = 1.0F / static_cast<float>(a.extent(0));
  float* correlations = scratch.data<float>();
  thread_local std::vector<double> kept;  // summed in order, so that the result does not depend on the threads
  kept.resize(static_cast<std::size_t>(features));
  double* losses = kept.data();
  matrix_product(a, As::transposed, b, As::it_is, scratch);
  parallel_for(features, 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      losses[i] = derive(i, features, share, static_cast<float>(lambda), correlations + i * features);
    }
  });
  matrix_product(b, As::it_is, scratch, As::transposed, d_a);
  matrix_product(a, As::it_is, scratch, As::it_is, d_b);
  double* sums = totals.data<double>();
  sums[0] = std::accumulate(kept.begin(), kept.end(), sums[0]);
  sums[1] += static_cast<double>(count_nonzero_rows(d_b));
}

}  // namespace biossl::cpu::BIOSSL_LEVEL
