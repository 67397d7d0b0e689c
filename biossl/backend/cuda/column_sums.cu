#include "biossl/backend/cuda/column_sums.h"
#include "biossl/backend/cuda/kernels.cuh"

namespace biossl::cuda {
namespace {

constexpr int columns_at_once = warp_size;  // neighbouring columns, for whole lines of memory
constexpr int rows_at_once = 32;

template <class T>
__global__ void __launch_bounds__(columns_at_once* rows_at_once)
    column_sums_kernel(const T* src, std::int64_t rows, std::int64_t columns, float* dst) {
  __shared__ float sums[rows_at_once][columns_at_once];
  const std::int64_t column = static_cast<std::int64_t>(blockIdx.x) * columns_at_once + threadIdx.x;
  float sum = 0.0F;
  if (column < columns) {
#pragma unroll 4
    for (std::int64_t n = threadIdx.y; n < rows; n += rows_at_once)
      sum += static_cast<float>(src[n * columns + column]);
  }
  sums[threadIdx.y][threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.y > 0 || column >= columns) return;
  for (int part = 1; part < rows_at_once; ++part) sum += sums[part][threadIdx.x];
  dst[column] = sum;
}

}  // namespace

void column_sums(const Tensor& src, Tensor& dst) {
  const std::int64_t columns = src.extent(1);
  if (columns == 0) return;
  with_float_type(src, [&](auto zero) {
    using T = decltype(zero);
    launch(column_sums_kernel<T>, dim3(blocks_for(columns, columns_at_once)), dim3(columns_at_once, rows_at_once),
           src.data<T>(), src.extent(0), columns, dst.data<float>());
  });
}

}  // namespace biossl::cuda
