#include "biossl/backend/backend.h"
#include "biossl/backend/cuda/row_totals.cuh"

// One block per row, which has up to tens of thousands of features: first the two similarities of the prediction, then
// the errors.
namespace biossl::cuda {
namespace {

__device__ float similarity(const float* x, const float* y, std::int64_t features) {
  float sum = 0.0F;
  for (std::int64_t k = threadIdx.x; k < features; k += block_threads) sum += x[k] * y[k];
  return block_sum<block_threads>(sum);
}

/// weights[2 i] and weights[2 i + 1]: factors of row i's positive and negative pair in the errors, 0 if the hinge is
/// zero.
__global__ void __launch_bounds__(block_threads)
    similarity_kernel(const float* predictions, const float* targets, const std::int32_t* negatives, std::int64_t rows,
                      std::int64_t features, float* weights, double* losses) {
  const std::int64_t i = blockIdx.x;
  const std::int64_t other = negatives[i];
  const float* mine = predictions + i * features;
  const float positive = 1.0F - similarity(mine, targets + i * features, features);
  const float negative = 1.0F + similarity(mine, targets + other * features, features);
  if (threadIdx.x != 0) return;
  const bool pulls = !(positive <= 0.0F);  // NaN counts, so that it is noticed
  const bool pushes = other != i && !(negative <= 0.0F);
  const float share = 1.0F / static_cast<float>(rows);
  weights[2 * i] = pulls ? share : 0.0F;
  weights[2 * i + 1] = pushes ? share : 0.0F;
  losses[i] = ((pulls ? static_cast<double>(positive) : 0.0) + (pushes ? static_cast<double>(negative) : 0.0)) /
              static_cast<double>(rows);
}

__global__ void __launch_bounds__(block_threads)
    error_kernel(const float* predictions, const float* targets, const std::int32_t* negatives, std::int64_t rows,
                 std::int64_t features, const float* weights, float* d_predictions, float* d_targets,
                 double* not_zero) {
  const std::int64_t row = blockIdx.x;
  const std::int64_t other = negatives[row];
  int count = 0;
  for (std::int64_t k = threadIdx.x; k < features; k += block_threads) {
    d_predictions[row * features + k] =
        weights[2 * row + 1] * targets[other * features + k] - weights[2 * row] * targets[row * features + k];
    float error = -weights[2 * row] * predictions[row * features + k];
    for (std::int64_t i = 0; i < rows; ++i) {
      if (negatives[i] == row && weights[2 * i + 1] != 0.0F) {
        error += weights[2 * i + 1] * predictions[i * features + k];
      }
    }
    d_targets[row * features + k] = error;
    count += error != 0.0F;
  }
  count = block_sum<block_threads>(count);
  if (threadIdx.x == 0) not_zero[row] = count > 0 ? 1.0 : 0.0;
}

}  // namespace

void clapp_hinge(const Tensor& predictions, const Tensor& targets, const Tensor& negatives, Tensor& d_predictions,
                 Tensor& d_targets, Tensor& totals) {
  const std::int64_t rows = predictions.extent(0);
  const std::int64_t features = predictions.extent(1);
  if (rows == 0) return;
  const RowParts parts(2 * rows);  // the second half of them has room for the weights
  auto* weights = reinterpret_cast<float*>(parts.losses + rows);
  const dim3 grid(static_cast<unsigned>(rows));
  launch(similarity_kernel, grid, dim3(block_threads), predictions.data<float>(), targets.data<float>(),
         negatives.data<std::int32_t>(), rows, features, weights, parts.losses);
  launch(error_kernel, grid, dim3(block_threads), predictions.data<float>(), targets.data<float>(),
         negatives.data<std::int32_t>(), rows, features, weights, d_predictions.data<float>(), d_targets.data<float>(),
         parts.not_zero);
  add_parts(parts, 0, rows, totals);
}

}  // namespace biossl::cuda
