#include <cmath>

#include "biossl/backend/backend.h"
#include "biossl/backend/cuda/row_totals.cuh"

namespace biossl::cuda {
namespace {

/// One thread per row: a row has ten or a hundred contiguous logits.
__global__ void __launch_bounds__(block_threads)
    cross_entropy_rows(const float* logits, const std::int32_t* labels, std::int64_t rows, std::int64_t classes,
                       float* d_logits, double* losses, double* right) {
  const std::int64_t n = std::int64_t{blockIdx.x} * block_threads + threadIdx.x;
  if (n >= rows) return;
  const float* row = logits + n * classes;
  std::int64_t largest = 0;  // the first of equals
  for (std::int64_t c = 1; c < classes; ++c) largest = row[c] > row[largest] ? c : largest;
  const float shift = row[largest];  // keeps the exponentials finite
  float sum = 0.0F;
  for (std::int64_t c = 0; c < classes; ++c) sum += expf(row[c] - shift);
  const std::int64_t truth = labels[n];
  for (std::int64_t c = 0; c < classes; ++c) {
    const float probability = expf(row[c] - shift) / sum;
    d_logits[n * classes + c] = (probability - (c == truth ? 1.0F : 0.0F)) / static_cast<float>(rows);
  }
  losses[n] = static_cast<double>(logf(sum)) - static_cast<double>(row[truth] - shift);
  right[n] = largest == truth ? 1.0 : 0.0;
}

}  // namespace

void softmax_cross_entropy(const Tensor& logits, const Tensor& labels, Tensor& d_logits, Tensor& totals) {
  const std::int64_t rows = logits.extent(0);
  if (rows == 0) return;
  const RowParts parts(rows);
  launch(cross_entropy_rows, dim3(blocks_for(rows, block_threads)), dim3(block_threads), logits.data<float>(),
         labels.data<std::int32_t>(), rows, logits.extent(1), d_logits.data<float>(), parts.losses, parts.not_zero);
  add_parts(parts, 0, rows, totals);
}

}  // namespace biossl::cuda
