#include "biossl/backend/cuda/column_sums.h"
#include "biossl/backend/cuda/kernels.cuh"
#include "biossl/backend/cuda/split_sum.h"

namespace biossl::cuda {
namespace {

constexpr int columns_at_once = warp_size;  // neighbouring columns, for whole lines of memory
constexpr int rows_at_once = 32;

/// Block y sums rows [y share, (y+1) share) and writes to dst + y columns.
template <class T>
__global__ void __launch_bounds__(columns_at_once* rows_at_once)
    column_sums_kernel(const T* src, std::int64_t rows, std::int64_t columns, std::int64_t share, float* dst) {
  __shared__ float sums[rows_at_once][columns_at_once];
  const std::int64_t column = static_cast<std::int64_t>(blockIdx.x) * columns_at_once + threadIdx.x;
  const std::int64_t begin = blockIdx.y * share;
  const std::int64_t end = begin + share < rows ? begin + share : rows;
  float sum = 0.0F;
  if (column < columns) {
#pragma unroll 4
    for (std::int64_t n = begin + threadIdx.y; n < end; n += rows_at_once)
      sum += static_cast<float>(src[n * columns + column]);
  }
  sums[threadIdx.y][threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.y > 0 || column >= columns) return;
  for (int part = 1; part < rows_at_once; ++part) sum += sums[part][threadIdx.x];
  dst[blockIdx.y * columns + column] = sum;
}

}  // namespace

void column_sums(const Tensor& src, Tensor& dst) {
  const std::int64_t rows = src.extent(0);
  const std::int64_t columns = src.extent(1);
  if (columns == 0) return;
  if (rows == 0) return dst.fill_zero();
  const SplitSum split = split_sum(rows, ceil_div(columns, columns_at_once), rows_at_once);
  const dim3 grid(blocks_for(columns, columns_at_once), static_cast<unsigned>(split.parts));
  const bool whole = split.parts == 1;
  auto* sums = whole
                   ? dst.data<float>()
                   : reinterpret_cast<float*>(scratch(static_cast<std::size_t>(split.parts * columns) * sizeof(float)));
  with_float_type(src, [&](auto zero) {
    using T = decltype(zero);
    launch(column_sums_kernel<T>, grid, dim3(columns_at_once, rows_at_once), src.data<T>(), rows, columns, split.share,
           sums);
  });
  if (!whole) add_parts_up(sums, split.parts, columns, dst.data<float>());
}

}  // namespace biossl::cuda
