#include <algorithm>
#include <numeric>
#include <vector>

#include "biossl/backend/backend.h"
#include "biossl/backend/cpu/vectors.h"
#include "biossl/backend/shared/hinge.h"
#include "biossl/core/parallel.h"

// Each row of one view is one task: its loss and error are a sum over the rows of the other view. There is no B x B x D
// array, no B x B array and no sum shared between threads. If both views get an error, the distances are computed
// twice.
namespace biossl::cpu::BIOSSL_LEVEL {
namespace {

float distance(const float* __restrict x, const float* __restrict y, std::int64_t features) {
  float sum = 0.0F;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t k = 0; k < features; ++k) sum += std::abs(x[k] - y[k]);
  return sum;
}

/// error += weight * sign(x - y)
void add_signs(const float* __restrict x, const float* __restrict y, float weight, std::int64_t features,
               float* __restrict error) {
#pragma omp simd
  for (std::int64_t k = 0; k < features; ++k) {
    const float up = x[k] > y[k] ? weight : 0.0F;
    error[k] += x[k] < y[k] ? -weight : up;
  }
}

/// Loss and error of one row of x against the rows of y; returns the loss.
double compare_row(const Tensor& x, const Tensor& y, std::int64_t row, const Hinge& hinge, bool current,
                   float* __restrict error) {
  const std::int64_t features = x.extent(1);
  const float* mine = x.data<float>() + row * features;
  const float* others = y.data<float>();
  std::fill_n(error, features, 0.0F);
  double loss = 0;
  const auto [begin, end] = shared::hinge_partners(hinge, row, x.extent(0), current);
  for (std::int64_t other = begin; other < end; ++other) {
    const float* its = others + other * features;
    const float weight = shared::hinge_pair(hinge, distance(mine, its, features), other == row, loss);
    if (weight != 0.0F) add_signs(mine, its, weight, features, error);
  }
  return loss;
}

}  // namespace

void contrastive_hinge(const Tensor& a, const Tensor& b, const Hinge& hinge, Tensor& d_a, Tensor& d_b, Tensor& totals) {
  const std::int64_t rows = b.extent(0);
  const std::int64_t features = b.extent(1);
  thread_local std::vector<double> row_losses;  // summed in order, so that the result does not depend on the threads
  row_losses.assign(static_cast<std::size_t>(rows), 0.0);
  double* losses = row_losses.data();
  parallel_for(rows - hinge.first, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = hinge.first + begin; row < hinge.first + end; ++row) {
      losses[row] = compare_row(b, a, row, hinge, true, d_b.data<float>() + row * features);
      if (!d_a.empty()) compare_row(a, b, row, hinge, false, d_a.data<float>() + row * features);
    }
  });
  double* sums = totals.data<double>();
  sums[0] = std::accumulate(row_losses.begin(), row_losses.end(), sums[0]);
  sums[1] += static_cast<double>(count_nonzero_rows(d_b.rows(hinge.first, rows)));
}

}  // namespace biossl::cpu::BIOSSL_LEVEL
