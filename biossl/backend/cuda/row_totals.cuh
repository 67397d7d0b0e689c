#pragma once

#include "biossl/backend/cuda/kernels.cuh"

// Totals of losses: each row writes its part to scratch memory, and one block adds the parts in a fixed order.
namespace biossl::cuda {

/// The parts of `rows` rows, in scratch memory.
struct RowParts {
  double* losses;
  double* not_zero;  // 1 if the row's error is not zero

  explicit RowParts(std::int64_t rows)
      : losses(reinterpret_cast<double*>(scratch(2 * static_cast<std::size_t>(rows) * sizeof(double)))),
        not_zero(losses + rows) {}
};

inline __global__ void __launch_bounds__(block_threads)
    add_parts_kernel(const double* losses, const double* not_zero, std::int64_t rows, double* totals) {
  double loss = 0;
  double count = 0;
  for (std::int64_t row = threadIdx.x; row < rows; row += block_threads) {
    loss += losses[row];
    count += not_zero[row];
  }
  loss = block_sum<block_threads>(loss);
  count = block_sum<block_threads>(count);
  if (threadIdx.x == 0) {
    totals[0] += loss;
    totals[1] += count;
  }
}

/// totals += the parts of rows [first, rows).
inline void add_parts(const RowParts& parts, std::int64_t first, std::int64_t rows, const Tensor& totals) {
  launch(add_parts_kernel, dim3(1), dim3(block_threads), parts.losses + first, parts.not_zero + first, rows - first,
         totals.data<double>());
}

/// The sum of a warp's values, in all its lanes.
template <class T>
__device__ T warp_sum(T value) {
  for (int away = warp_size / 2; away > 0; away /= 2) value += __shfl_xor_sync(0xffffffffU, value, away);
  return value;
}

}  // namespace biossl::cuda
