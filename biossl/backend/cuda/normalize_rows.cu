#include <cmath>

#include "biossl/backend/backend.h"
#include "biossl/backend/cuda/row_totals.cuh"

// One warp per row.
namespace biossl::cuda {
namespace {

constexpr int warps = block_threads / warp_size;

__global__ void __launch_bounds__(block_threads)
    normalize_kernel(const float* src, float* dst, float* norms, std::int64_t rows, std::int64_t features) {
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  const std::int64_t row = std::int64_t{blockIdx.x} * warps + threadIdx.x / warp_size;
  if (row >= rows) return;
  float sum = 0.0F;
  for (std::int64_t k = lane; k < features; k += warp_size) sum += src[row * features + k] * src[row * features + k];
  const float norm = sqrtf(warp_sum(sum));
  for (std::int64_t k = lane; k < features; k += warp_size) {
    const float value = src[row * features + k];
    dst[row * features + k] = norm == 0.0F ? value : value / norm;
  }
  if (lane == 0) norms[row] = norm;
}

__global__ void __launch_bounds__(block_threads)
    normalize_backward_kernel(const float* d_dst, const float* dst, const float* norms, float* d_src, std::int64_t rows,
                              std::int64_t features) {
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  const std::int64_t row = std::int64_t{blockIdx.x} * warps + threadIdx.x / warp_size;
  if (row >= rows) return;
  float sum = 0.0F;
  for (std::int64_t k = lane; k < features; k += warp_size) sum += d_dst[row * features + k] * dst[row * features + k];
  const float along = warp_sum(sum);
  const float norm = norms[row];
  for (std::int64_t k = lane; k < features; k += warp_size) {
    const std::int64_t i = row * features + k;
    d_src[i] = norm == 0.0F ? 0.0F : (d_dst[i] - dst[i] * along) / norm;
  }
}

}  // namespace

void normalize_rows(const Tensor& src, Tensor& dst, Tensor& norms) {
  if (src.size() == 0) return;
  launch(normalize_kernel, dim3(blocks_for(src.extent(0), warps)), dim3(block_threads), src.data<float>(),
         dst.data<float>(), norms.data<float>(), src.extent(0), src.extent(1));
}

void normalize_rows_backward(const Tensor& d_dst, const Tensor& dst, const Tensor& norms, Tensor& d_src) {
  if (dst.size() == 0) return;
  launch(normalize_backward_kernel, dim3(blocks_for(dst.extent(0), warps)), dim3(block_threads), d_dst.data<float>(),
         dst.data<float>(), norms.data<float>(), d_src.data<float>(), dst.extent(0), dst.extent(1));
}

}  // namespace biossl::cuda
