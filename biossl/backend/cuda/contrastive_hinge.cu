#include "biossl/backend/backend.h"
#include "biossl/backend/cuda/row_totals.cuh"
#include "biossl/backend/shared/hinge.h"

// One warp per row: its loss and error are a sum over the rows of the other view, which stay in the L2 cache. There is
// no B x B array and no shared sum. Errors stay in registers, 256 features at a time.
namespace biossl::cuda {
namespace {

constexpr int warps = block_threads / warp_size;
constexpr int held = 8;  // features of a lane whose errors are in registers

__device__ float distance(const float* x, const float* y, std::int64_t features, int lane) {
  float sum = 0.0F;
  for (std::int64_t k = lane; k < features; k += warp_size) sum += fabsf(x[k] - y[k]);
  return warp_sum(sum);
}

/// Loss and error of the rows of x against those of y. `current`: x is the current view, y the earlier one.
__global__ void __launch_bounds__(block_threads)
    compare_rows(const float* x, const float* y, std::int64_t rows, std::int64_t features, Hinge hinge, bool current,
                 float* errors, double* losses, double* not_zero) {
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  const std::int64_t row = hinge.first + std::int64_t{blockIdx.x} * warps + threadIdx.x / warp_size;
  if (row >= rows) return;
  const auto [begin, end] = shared::hinge_partners(hinge, row, rows, current);
  const float* mine = x + row * features;
  bool any = false;
  double loss = 0;
  for (std::int64_t first = 0; first < features; first += held * warp_size) {
    float error[held] = {};
    loss = 0;
    for (std::int64_t other = begin; other < end; ++other) {
      const float* its = y + other * features;
      const float weight = shared::hinge_pair(hinge, distance(mine, its, features, lane), other == row, loss);
      if (weight == 0.0F) continue;
      for (int i = 0; i < held; ++i) {
        const std::int64_t k = first + i * warp_size + lane;
        if (k >= features) break;
        const float sign = mine[k] > its[k] ? 1.0F : (mine[k] < its[k] ? -1.0F : 0.0F);
        error[i] += weight * sign;
      }
    }
    for (int i = 0; i < held; ++i) {
      const std::int64_t k = first + i * warp_size + lane;
      if (k >= features) break;
      errors[row * features + k] = error[i];
      any = any || error[i] != 0.0F;
    }
  }
  const bool row_has_error = __ballot_sync(0xffffffffU, any ? 1 : 0) != 0;
  if (lane == 0 && losses != nullptr) {
    losses[row] = loss;
    not_zero[row] = row_has_error ? 1.0 : 0.0;
  }
}

}  // namespace

void contrastive_hinge(const Tensor& a, const Tensor& b, const Hinge& hinge, Tensor& d_a, Tensor& d_b, Tensor& totals) {
  const std::int64_t rows = b.extent(0);
  if (rows == hinge.first) return;
  const RowParts parts(rows);
  const dim3 grid(blocks_for(rows - hinge.first, warps));
  launch(compare_rows, grid, dim3(block_threads), b.data<float>(), a.data<float>(), rows, b.extent(1), hinge, true,
         d_b.data<float>(), parts.losses, parts.not_zero);
  if (!d_a.empty()) {
    launch(compare_rows, grid, dim3(block_threads), a.data<float>(), b.data<float>(), rows, b.extent(1), hinge, false,
           d_a.data<float>(), nullptr, nullptr);
  }
  add_parts(parts, hinge.first, rows, totals);
}

}  // namespace biossl::cuda
