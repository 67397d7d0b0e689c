#include <algorithm>

#include "biossl/backend/backend.h"
#include "biossl/backend/cuda/column_sums.h"
#include "biossl/backend/cuda/kernels.cuh"

// A linear layer with few outputs reads much and computes little. So each chosen row is read once, in place, for ten
// outputs at a time, whose sums fit into registers; for more outputs the rows are read again from the L2 cache. The
// extents alone decide which thread sums what: alignment changes how memory is read, not the bits of the result.
namespace biossl::cuda {
namespace {

constexpr int outputs_at_once = 10;

/// Rows of a matrix, chosen by index.
template <class T>
struct GatheredRows {
  const T* values;
  const std::int32_t* numbers;
  std::int64_t count, features;
};

template <class T>
GatheredRows<T> gathered(const Tensor& src, const Tensor& rows) {
  return {src.data<T>(), rows.data<std::int32_t>(), rows.size(), src.shape().row_size()};
}

bool is_aligned(const void* memory, std::size_t bytes) { return reinterpret_cast<std::uintptr_t>(memory) % bytes == 0; }

// --- forward

constexpr int forward_warps = block_threads / warp_size;
constexpr int forward_rows = 4;  // per block; they share the weights that the block reads
constexpr int forward_sums = forward_rows * outputs_at_once;
constexpr int features_at_once = 8;  // per thread: 16 bytes of bfloat16

/// Neighbouring features from `first` on, zeros after the end of the row. Aligned rows are a multiple of a thread's
/// features long and are read 16 bytes at a time.
template <bool aligned, class T>
__device__ void load_features(const T* row, std::int64_t first, std::int64_t features, float* to) {
  if constexpr (aligned) {
    constexpr int width = 16 / sizeof(T);
#pragma unroll
    for (int k = 0; k < features_at_once; k += width) {
      const auto pack = *reinterpret_cast<const Pack<T, width>*>(row + first + k);
#pragma unroll
      for (int j = 0; j < width; ++j) to[k + j] = static_cast<float>(pack.of[j]);
    }
  } else {
#pragma unroll
    for (int k = 0; k < features_at_once; ++k) {
      to[k] = first + k < features ? static_cast<float>(row[first + k]) : 0.0F;
    }
  }
}

/// Halves a lane's values: it keeps one half and adds the same half of lane ^ away, which keeps the other.
template <int half>
__device__ void add_halves(float* values, int lane, int away) {
#pragma unroll
  for (int i = 0; i < half; ++i) {
    const bool upper = (lane & away) != 0;
    const float kept = upper ? values[half + i] : values[i];
    values[i] = kept + __shfl_xor_sync(0xffffffffU, upper ? values[i] : values[half + i], away);
  }
}

/// All sums over the lanes of a warp. Halving the values per lane takes 45 exchanges instead of 200.
__device__ void hand_over_warp_sums(float* sums, float* to) {
  constexpr int kept = forward_sums / 8;
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  add_halves<forward_sums / 2>(sums, lane, 16);
  add_halves<forward_sums / 4>(sums, lane, 8);
  add_halves<kept>(sums, lane, 4);
#pragma unroll
  for (int i = 0; i < kept; ++i) {
    sums[i] += __shfl_xor_sync(0xffffffffU, sums[i], 2);
    sums[i] += __shfl_xor_sync(0xffffffffU, sums[i], 1);
    if (lane % 4 == 0) to[lane / 4 * kept + i] = sums[i];
  }
}

/// A block's four rows times ten rows of weights. Rows and outputs past the end repeat the last one and are not stored.
template <bool aligned, class T>
__global__ void __launch_bounds__(block_threads)
    gathered_forward_kernel(GatheredRows<T> src, const float* weights, const float* bias, std::int64_t outputs,
                            float* dst) {
  __shared__ float of_warps[forward_warps][forward_sums];
  const std::int64_t first_row = static_cast<std::int64_t>(blockIdx.x) * forward_rows;
  const std::int64_t first_output = static_cast<std::int64_t>(blockIdx.y) * outputs_at_once;
  const T* row[forward_rows];
  for (int r = 0; r < forward_rows; ++r) {
    row[r] = src.values + src.numbers[std::min(first_row + r, src.count - 1)] * src.features;
  }
  float sums[forward_sums] = {};
  for (std::int64_t i = threadIdx.x * features_at_once; i < src.features; i += block_threads * features_at_once) {
    float x[forward_rows][features_at_once];
#pragma unroll
    for (int r = 0; r < forward_rows; ++r) load_features<aligned>(row[r], i, src.features, x[r]);
#pragma unroll
    for (int o = 0; o < outputs_at_once; ++o) {
      float weight[features_at_once];
      load_features<aligned>(weights + std::min(first_output + o, outputs - 1) * src.features, i, src.features, weight);
#pragma unroll
      for (int r = 0; r < forward_rows; ++r) {
#pragma unroll
        for (int k = 0; k < features_at_once; ++k) sums[r * outputs_at_once + o] += x[r][k] * weight[k];
      }
    }
  }
  hand_over_warp_sums(sums, of_warps[threadIdx.x / warp_size]);
  __syncthreads();
  if (threadIdx.x >= forward_sums) return;
  const std::int64_t n = first_row + threadIdx.x / outputs_at_once;
  const std::int64_t o = first_output + threadIdx.x % outputs_at_once;
  if (n >= src.count || o >= outputs) return;
  float sum = bias[o];
  for (int warp = 0; warp < forward_warps; ++warp) sum += of_warps[warp][threadIdx.x];
  dst[n * outputs + o] = sum;
}

// --- backward

constexpr int backward_warps = 16;
constexpr int rows_of_warp = warp_size;  // that a warp walks over at a time
constexpr int lane_features = 2;         // of a lane: a warp reads whole lines, and 8192 features fill 128 blocks
constexpr int block_features = warp_size * lane_features;
using Pair = Pack<float, lane_features>;
using ErrorPack = Pack<float, 4>;
constexpr int error_packs = (outputs_at_once + 3) / 4;

/// The errors of a warp's next rows, row by row; zero for lanes without an output.
__device__ void load_errors(const float* d_dst, std::int64_t outputs, std::int64_t first_row, int rows,
                            std::int64_t first_output, ErrorPack (*errors)[error_packs]) {
  __syncwarp();  // those before have been read
  for (int e = static_cast<int>(threadIdx.x) % warp_size; e < rows * outputs_at_once; e += warp_size) {
    const int r = e / outputs_at_once;
    const int o = e % outputs_at_once;
    const bool there = first_output + o < outputs;
    errors[r][o / 4].of[o % 4] = there ? d_dst[(first_row + r) * outputs + first_output + o] : 0.0F;
  }
  __syncwarp();
}

/// Adds the sums of the block's warps to those of the first, in a fixed order.
__device__ void add_warps(int warp, int lane, Pair* sums) {
  __shared__ Pair handed[backward_warps / 2][outputs_at_once][warp_size];
  for (int half = backward_warps / 2; half > 0; half /= 2) {
    if (warp >= half && warp < 2 * half) {
#pragma unroll
      for (int o = 0; o < outputs_at_once; ++o) handed[warp - half][o][lane] = sums[o];
    }
    __syncthreads();
    if (warp < half) {
#pragma unroll
      for (int o = 0; o < outputs_at_once; ++o) {
        for (int k = 0; k < lane_features; ++k) sums[o].of[k] += handed[warp][o][lane].of[k];
      }
    }
    __syncthreads();
  }
}

/// One block per group of features and ten outputs; its warps share the rows. Sums stay in registers until all rows
/// have been read.
template <bool aligned, class T>
__global__ void __launch_bounds__(backward_warps* warp_size, 1)
    gathered_backward_kernel(GatheredRows<T> src, const float* d_dst, std::int64_t outputs, float* d_weights) {
  __shared__ ErrorPack errors[backward_warps][rows_of_warp][error_packs];
  const int warp = static_cast<int>(threadIdx.x) / warp_size;
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  const std::int64_t feature = static_cast<std::int64_t>(blockIdx.x) * block_features + lane * lane_features;
  const std::int64_t first_output = static_cast<std::int64_t>(blockIdx.y) * outputs_at_once;
  // Lanes past the last feature read the first ones and store nothing.
  const std::int64_t first = feature < src.features ? feature : 0;
  const std::int64_t second = feature + 1 < src.features ? feature + 1 : 0;
  Pair sums[outputs_at_once] = {};
  for (std::int64_t n = warp * rows_of_warp; n < src.count; n += backward_warps * rows_of_warp) {
    const int rows = static_cast<int>(std::min(std::int64_t{rows_of_warp}, src.count - n));
    const std::int32_t number = lane < rows ? src.numbers[n + lane] : 0;
    load_errors(d_dst, outputs, n, rows, first_output, errors[warp]);
#pragma unroll 8
    for (int r = 0; r < rows; ++r) {
      const T* row = src.values + __shfl_sync(0xffffffffU, number, r) * src.features;
      Pair x;
      if constexpr (aligned) {
        const auto pack = *reinterpret_cast<const Pack<T, lane_features>*>(row + first);
        x = {{static_cast<float>(pack.of[0]), static_cast<float>(pack.of[1])}};
      } else {
        x = {{static_cast<float>(row[first]), static_cast<float>(row[second])}};
      }
#pragma unroll
      for (int o = 0; o < outputs_at_once; ++o) {
        const float error = errors[warp][r][o / 4].of[o % 4];
        for (int k = 0; k < lane_features; ++k) sums[o].of[k] += error * x.of[k];
      }
    }
  }
  add_warps(warp, lane, sums);
  if (warp > 0) return;
#pragma unroll
  for (int o = 0; o < outputs_at_once; ++o) {
    for (int k = 0; k < lane_features; ++k) {
      const bool there = first_output + o < outputs && feature + k < src.features;
      if (there) d_weights[(first_output + o) * src.features + feature + k] = sums[o].of[k];
    }
  }
}

}  // namespace

void gathered_linear_forward(const Tensor& src, const Tensor& rows, const Tensor& weights, const Tensor& bias,
                             Tensor& dst) {
  const std::int64_t outputs = dst.extent(1);
  const dim3 grid(blocks_for(rows.size(), forward_rows), blocks_for(outputs, outputs_at_once));
  with_float_type(src, [&](auto zero) {
    using T = decltype(zero);
    const bool aligned =
        src.shape().row_size() % features_at_once == 0 && is_aligned(src.raw(), 16) && is_aligned(weights.raw(), 16);
    launch(aligned ? gathered_forward_kernel<true, T> : gathered_forward_kernel<false, T>, grid, dim3(block_threads),
           gathered<T>(src, rows), weights.data<float>(), bias.data<float>(), outputs, dst.data<float>());
  });
}

void gathered_linear_backward_weights(const Tensor& src, const Tensor& rows, const Tensor& d_dst, Tensor& d_weights,
                                      Tensor& d_bias) {
  const std::int64_t outputs = d_dst.extent(1);
  column_sums(d_dst, d_bias);
  if (d_weights.size() == 0) return;
  const dim3 grid(blocks_for(src.shape().row_size(), block_features), blocks_for(outputs, outputs_at_once));
  with_float_type(src, [&](auto zero) {
    using T = decltype(zero);
    const bool aligned =
        src.shape().row_size() % lane_features == 0 && is_aligned(src.raw(), lane_features * sizeof(T));
    launch(aligned ? gathered_backward_kernel<true, T> : gathered_backward_kernel<false, T>, grid,
           dim3(backward_warps * warp_size), gathered<T>(src, rows), d_dst.data<float>(), outputs,
           d_weights.data<float>());
  });
}

}  // namespace biossl::cuda
