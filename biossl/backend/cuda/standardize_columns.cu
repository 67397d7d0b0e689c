#include <cmath>

#include "biossl/backend/backend.h"
#include "biossl/backend/cuda/kernels.cuh"

// One block per column. Sums are double, so that a column of nearly equal numbers keeps its digits.
namespace biossl::cuda {
namespace {

__global__ void __launch_bounds__(block_threads)
    standardize_kernel(const float* src, double epsilon, float* dst, float* deviations, std::int64_t rows,
                       std::int64_t columns) {
  const std::int64_t c = blockIdx.x;
  double sum = 0;
  for (std::int64_t n = threadIdx.x; n < rows; n += block_threads) sum += static_cast<double>(src[n * columns + c]);
  const double mean = block_sum<block_threads>(sum) / static_cast<double>(rows);
  double squares = 0;
  for (std::int64_t n = threadIdx.x; n < rows; n += block_threads) {
    const double away = static_cast<double>(src[n * columns + c]) - mean;
    squares += away * away;
  }
  const double deviation = sqrt(block_sum<block_threads>(squares) / static_cast<double>(rows) + epsilon);
  for (std::int64_t n = threadIdx.x; n < rows; n += block_threads) {
    dst[n * columns + c] = static_cast<float>((static_cast<double>(src[n * columns + c]) - mean) / deviation);
  }
  if (threadIdx.x == 0) deviations[c] = static_cast<float>(deviation);
}

__global__ void __launch_bounds__(block_threads)
    standardize_backward_kernel(const float* d_dst, const float* dst, const float* deviations, float* d_src,
                                std::int64_t rows, std::int64_t columns) {
  const std::int64_t c = blockIdx.x;
  double sum = 0;
  double product = 0;
  for (std::int64_t n = threadIdx.x; n < rows; n += block_threads) {
    const auto error = static_cast<double>(d_dst[n * columns + c]);
    sum += error;
    product += error * static_cast<double>(dst[n * columns + c]);
  }
  const double mean = block_sum<block_threads>(sum) / static_cast<double>(rows);
  const double along = block_sum<block_threads>(product) / static_cast<double>(rows);
  for (std::int64_t n = threadIdx.x; n < rows; n += block_threads) {
    const std::int64_t i = n * columns + c;
    d_src[i] = static_cast<float>((static_cast<double>(d_dst[i]) - mean - static_cast<double>(dst[i]) * along) /
                                  static_cast<double>(deviations[c]));
  }
}

}  // namespace

void standardize_columns(const Tensor& src, double epsilon, Tensor& dst, Tensor& deviations) {
  if (src.size() == 0) return;
  launch(standardize_kernel, dim3(static_cast<unsigned>(src.extent(1))), dim3(block_threads), src.data<float>(),
         epsilon, dst.data<float>(), deviations.data<float>(), src.extent(0), src.extent(1));
}

void standardize_columns_backward(const Tensor& d_dst, const Tensor& dst, const Tensor& deviations, Tensor& d_src) {
  if (dst.size() == 0) return;
  launch(standardize_backward_kernel, dim3(static_cast<unsigned>(dst.extent(1))), dim3(block_threads),
         d_dst.data<float>(), dst.data<float>(), deviations.data<float>(), d_src.data<float>(), dst.extent(0),
         dst.extent(1));
}

}  // namespace biossl::cuda
