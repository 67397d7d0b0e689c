#include "biossl/backend/backend.h"
#include "biossl/backend/cuda/row_totals.cuh"
#include "biossl/core/accelerator.h"

namespace biossl::cuda {
namespace {

/// One block per feature of a: replaces its correlations with b's features by the derivatives of the loss by them.
__global__ void __launch_bounds__(block_threads)
    correlation_kernel(const float* a, const float* b, float lambda, std::int64_t batch, std::int64_t features,
                       float* derivatives, double* losses) {
  const std::int64_t i = blockIdx.x;
  const float share = 1.0F / static_cast<float>(batch);
  double loss = 0;
  for (std::int64_t j = threadIdx.x; j < features; j += block_threads) {
    float sum = 0.0F;
    for (std::int64_t n = 0; n < batch; ++n) sum += a[n * features + i] * b[n * features + j];
    const float c = share * sum;
    loss += i == j ? static_cast<double>((1 - c) * (1 - c)) : static_cast<double>(lambda * c * c);
    derivatives[i * features + j] = share * (i == j ? -2 * (1 - c) : 2 * lambda * c);
  }
  loss = block_sum<block_threads>(loss);
  if (threadIdx.x == 0) losses[i] = loss;
}

/// One block per pair.
__global__ void __launch_bounds__(block_threads)
    error_kernel(const float* a, const float* b, const float* derivatives, std::int64_t features, float* d_a,
                 float* d_b, double* not_zero) {
  const std::int64_t n = blockIdx.x;
  int count = 0;
  for (std::int64_t k = threadIdx.x; k < features; k += block_threads) {
    float memory = 0.0F;
    float current = 0.0F;
    for (std::int64_t i = 0; i < features; ++i) {
      memory += derivatives[k * features + i] * b[n * features + i];
      current += derivatives[i * features + k] * a[n * features + i];
    }
    d_a[n * features + k] = memory;
    d_b[n * features + k] = current;
    count += current != 0.0F;
  }
  count = block_sum<block_threads>(count);
  if (threadIdx.x == 0) not_zero[n] = count > 0 ? 1.0 : 0.0;
}

}  // namespace

void barlow_twins(const Tensor& a, const Tensor& b, double lambda, Tensor& scratch_tensor, Tensor& d_a, Tensor& d_b,
                  Tensor& totals) {
  const std::int64_t batch = a.extent(0);
  const std::int64_t features = a.extent(1);
  const std::int64_t parts_count = batch > features ? batch : features;
  const RowParts parts(parts_count);
  accelerator::zero_bytes(reinterpret_cast<std::byte*>(parts.losses),
                          2 * static_cast<std::size_t>(parts_count) * sizeof(double));
  launch(correlation_kernel, dim3(static_cast<unsigned>(features)), dim3(block_threads), a.data<float>(),
         b.data<float>(), static_cast<float>(lambda), batch, features, scratch_tensor.data<float>(), parts.losses);
  launch(error_kernel, dim3(static_cast<unsigned>(batch)), dim3(block_threads), a.data<float>(), b.data<float>(),
         scratch_tensor.data<float>(), features, d_a.data<float>(), d_b.data<float>(), parts.not_zero);
  add_parts(parts, 0, parts_count, totals);
}

}  // namespace biossl::cuda
