#include <cmath>

#include "biossl/backend/backend.h"
#include "biossl/backend/cuda/row_totals.cuh"

namespace biossl::cuda {
namespace {

/// One block per row: replaces its similarities, in the scratch tensor, by the derivatives of its loss by them.
__global__ void __launch_bounds__(block_threads)
    similarity_kernel(const float* unit, float temperature, std::int64_t rows, std::int64_t features,
                      float* derivatives, double* losses) {
  const std::int64_t i = blockIdx.x;
  const std::int64_t partner = (i + rows / 2) % rows;
  float* row = derivatives + i * rows;
  const float inverse = 1.0F / temperature;
  float rest = 0.0F;          // the sum without the partner: the whole loss if the partner is close
  float largest = -INFINITY;  // keeps the exponentials finite
  for (std::int64_t j = threadIdx.x; j < rows; j += block_threads) {
    float product = 0.0F;
    for (std::int64_t k = 0; k < features; ++k) product += unit[i * features + k] * unit[j * features + k];
    row[j] = product * inverse;
    if (j != i) largest = fmaxf(largest, row[j]);
  }
  __shared__ float of_threads[block_threads];
  of_threads[threadIdx.x] = largest;
  __syncthreads();
  for (int other = 0; other < block_threads; ++other) largest = fmaxf(largest, of_threads[other]);
  for (std::int64_t j = threadIdx.x; j < rows; j += block_threads)
    rest += j == i || j == partner ? 0.0F : expf(row[j] - largest);
  rest = block_sum<block_threads>(rest);
  const float of_partner = expf(row[partner] - largest);
  const float sum = rest + of_partner;
  const float pairs = static_cast<float>(rows) / 2;
  __syncthreads();  // all have read the partner's similarity
  if (threadIdx.x == partner % block_threads) {
    const float loss = of_partner > 0.5F ? log1pf(rest / of_partner) : logf(sum) + largest - row[partner];
    losses[i] = static_cast<double>(loss) / static_cast<double>(pairs);
  }
  for (std::int64_t j = threadIdx.x; j < rows; j += block_threads) {
    const float by_similarity = j == partner ? -rest / sum : expf(row[j] - largest) / sum;
    row[j] = j == i ? 0.0F : by_similarity * inverse / pairs;
  }
}

/// One block per row of errors, which collects both sides of each comparison.
__global__ void __launch_bounds__(block_threads)
    error_kernel(const float* unit, const float* derivatives, std::int64_t rows, std::int64_t features, float* d_unit,
                 double* not_zero) {
  const std::int64_t i = blockIdx.x;
  int count = 0;
  for (std::int64_t k = threadIdx.x; k < features; k += block_threads) {
    float error = 0.0F;
    for (std::int64_t j = 0; j < rows; ++j) {
      error += (derivatives[i * rows + j] + derivatives[j * rows + i]) * unit[j * features + k];
    }
    d_unit[i * features + k] = error;
    count += error != 0.0F;
  }
  count = block_sum<block_threads>(count);
  if (threadIdx.x == 0) not_zero[i] = count > 0 && i >= rows / 2 ? 1.0 : 0.0;
}

}  // namespace

void nt_xent(const Tensor& unit, double temperature, Tensor& scratch_tensor, Tensor& d_unit, Tensor& totals) {
  const std::int64_t rows = unit.extent(0);
  if (rows == 0) return;
  const RowParts parts(rows);
  const dim3 grid(static_cast<unsigned>(rows));
  launch(similarity_kernel, grid, dim3(block_threads), unit.data<float>(), static_cast<float>(temperature), rows,
         unit.extent(1), scratch_tensor.data<float>(), parts.losses);
  launch(error_kernel, grid, dim3(block_threads), unit.data<float>(), scratch_tensor.data<float>(), rows,
         unit.extent(1), d_unit.data<float>(), parts.not_zero);
  add_parts(parts, 0, rows, totals);
}

}  // namespace biossl::cuda
