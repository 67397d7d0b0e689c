#include <algorithm>

#include "biossl/backend/backend.h"
#include "biossl/backend/cuda/row_totals.cuh"

namespace biossl::cuda {
namespace {

/// One block per row; the part of the first row carries the loss. Without errors the count is summed[1].
__global__ void __launch_bounds__(block_threads) row_kernel(const double* summed, double share, const float* errors,
                                                            std::int64_t features, double* losses, double* not_zero) {
  const std::int64_t row = blockIdx.x;
  int count = 0;
  for (std::int64_t k = threadIdx.x; k < features; k += block_threads) count += errors[row * features + k] != 0.0F;
  count = block_sum<block_threads>(count);
  if (threadIdx.x == 0) {
    losses[row] = row == 0 ? share * summed[0] : 0.0;
    not_zero[row] = errors == nullptr ? summed[1] : (count > 0 ? 1.0 : 0.0);
  }
}

}  // namespace

void add_loss(const Tensor& summed, double share, const Tensor& errors, Tensor& totals) {
  // Errors without rows have no number to look at either, but the loss is to be carried.
  const std::int64_t rows = errors.empty() ? 1 : std::max<std::int64_t>(errors.extent(0), 1);
  const bool has_numbers = !errors.empty() && errors.size() > 0;
  const float* numbers = errors.empty() ? nullptr : errors.data<float>();
  const RowParts parts(rows);
  launch(row_kernel, dim3(static_cast<unsigned>(rows)), dim3(block_threads), summed.data<double>(), share, numbers,
         has_numbers ? errors.shape().row_size() : 0, parts.losses, parts.not_zero);
  add_parts(parts, 0, rows, totals);
}

}  // namespace biossl::cuda
