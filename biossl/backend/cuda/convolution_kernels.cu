#include "biossl/backend/cuda/convolution_extents.cuh"
#include "biossl/backend/cuda/convolution_kernels.h"
#include "biossl/backend/cuda/kernels.cuh"
#include "biossl/backend/cuda/split_sum.h"
#include "biossl/backend/shared/activation.h"

// Each convolution is a matrix product C (M,N) = A (M,K) B (K,N). A and B are read in place: a tile of both goes
// through shared memory, and each thread keeps 4 x 4 sums in registers.
namespace biossl::cuda {
namespace {

constexpr int tile = 64;   // of M and of N
constexpr int depth = 16;  // of K
constexpr int own = 4;     // rows and columns of the tile per thread
constexpr int side = tile / own;
static_assert(side * side == block_threads);

/// m: a pixel of dst, n: its channel, k: tap and channel of src.
struct Forward {
  ConvolutionExtents of;
  const float *src, *weights;

  __device__ float a(std::int32_t m, std::int32_t k) const {
    const std::int64_t pixel = of.src_pixel(m, k / of.channels);
    return pixel < 0 ? 0.0F : src[pixel * of.channels + k % of.channels];
  }
  __device__ float b(std::int32_t k, std::int32_t n) const { return weights[n * of.taps() * of.channels + k]; }
};

/// m: a pixel of src, n: its channel, k: tap and channel of dst.
struct BackwardData {
  ConvolutionExtents of;
  const float *d_dst, *weights;

  __device__ float a(std::int32_t m, std::int32_t k) const {
    const std::int64_t pixel = of.dst_pixel(m, k / of.dst_channels);
    return pixel < 0 ? 0.0F : d_dst[pixel * of.dst_channels + k % of.dst_channels];
  }
  __device__ float b(std::int32_t k, std::int32_t n) const {
    const std::int32_t tap = k / of.dst_channels;
    const std::int32_t o = k % of.dst_channels;
    return weights[(o * of.taps() + tap) * of.channels + n];
  }
};

/// m: a channel of dst, n: tap and channel of src, k: a pixel of dst.
struct BackwardWeights {
  ConvolutionExtents of;
  const float *src, *d_dst;

  __device__ float a(std::int32_t m, std::int32_t k) const { return d_dst[std::int64_t{k} * of.dst_channels + m]; }
  __device__ float b(std::int32_t k, std::int32_t n) const {
    const std::int64_t pixel = of.src_pixel(k, n / of.channels);
    return pixel < 0 ? 0.0F : src[pixel * of.channels + n % of.channels];
  }
};

/// What a sum becomes before it is stored.
template <Activation activation>
struct Finish {
  const float* bias;  // of N; may be null

  __device__ float operator()(float sum, std::int32_t n) const {
    return shared::activate<activation>(bias == nullptr ? sum : sum + bias[n]);
  }
};

/// Part blockIdx.z of K's `share` each; its sums go to dst + part M N.
template <class Matrices, class Finish>
__global__ void __launch_bounds__(block_threads)
    product_kernel(Matrices matrices, Finish finish, std::int32_t rows, std::int32_t columns, std::int32_t terms,
                   std::int32_t share, float* dst) {
  __shared__ float a[depth][tile + 1];
  __shared__ float b[depth][tile + 1];
  const auto thread = static_cast<int>(threadIdx.x);
  const auto first_row = static_cast<std::int32_t>(blockIdx.x) * tile;
  const auto first_column = static_cast<std::int32_t>(blockIdx.y) * tile;
  const std::int32_t begin = static_cast<std::int32_t>(blockIdx.z) * share;
  const std::int32_t end = terms - begin < share ? terms : begin + share;
  float sums[own][own] = {};
  for (std::int32_t first = begin; first < end; first += depth) {
    for (int i = thread; i < depth * tile; i += block_threads) {
      // Neighbouring threads read neighbouring k. These lie together in A and B of Forward and in A of BackwardData;
      // elsewhere the reads are strided.
      const std::int32_t k = first + i % depth;
      const std::int32_t m = first_row + i / depth;
      const std::int32_t n = first_column + i / depth;
      a[i % depth][i / depth] = k < end && m < rows ? matrices.a(m, k) : 0.0F;
      b[i % depth][i / depth] = k < end && n < columns ? matrices.b(k, n) : 0.0F;
    }
    __syncthreads();
    for (int k = 0; k < depth; ++k) {
      float left[own], right[own];
      for (int i = 0; i < own; ++i) left[i] = a[k][thread / side + i * side];
      for (int j = 0; j < own; ++j) right[j] = b[k][thread % side + j * side];
      for (int i = 0; i < own; ++i) {
        for (int j = 0; j < own; ++j) sums[i][j] += left[i] * right[j];
      }
    }
    __syncthreads();
  }
  for (int i = 0; i < own; ++i) {
    for (int j = 0; j < own; ++j) {
      const std::int32_t m = first_row + thread / side + i * side;
      const std::int32_t n = first_column + thread % side + j * side;
      if (m >= rows || n >= columns) continue;
      dst[(std::int64_t{blockIdx.z} * rows + m) * columns + n] = finish(sums[i][j], n);
    }
  }
}

dim3 grid_of(std::int64_t rows, std::int64_t columns, std::int64_t parts) {
  return {blocks_for(rows, tile), blocks_for(columns, tile), static_cast<unsigned>(parts)};
}

/// Maps (…, columns) = activation(bias + the product), rows pixels of them.
template <class Matrices>
void make_maps(const Matrices& matrices, std::int64_t terms, const Tensor& bias, Activation activation, Tensor& maps) {
  const std::int64_t columns = maps.extent(3);
  const std::int64_t rows = maps.size() / columns;
  shared::with_activation(activation, [&](auto which) {
    using Finished = Finish<which()>;
    launch(product_kernel<Matrices, Finished>, grid_of(rows, columns, 1), dim3(block_threads), matrices,
           Finished{data_or_null<float>(bias)}, rows, columns, terms, terms, maps.data<float>());
  });
}

const float* floats(const std::byte* weights) { return reinterpret_cast<const float*>(weights); }

}  // namespace

void kernel_convolution_forward(const Tensor& src, const std::byte* weights, const Tensor& bias, const Conv2d& conv,
                                Activation activation, Tensor& dst) {
  const ConvolutionExtents of(src, dst, conv);
  make_maps(Forward{of, src.data<float>(), floats(weights)}, std::int64_t{of.taps()} * of.channels, bias, activation,
            dst);
}

void kernel_convolution_backward_data(const Tensor& d_dst, const std::byte* weights, const Tensor& bias,
                                      const Conv2d& conv, Activation activation, Tensor& d_src) {
  const ConvolutionExtents of(d_src, d_dst, conv);
  make_maps(BackwardData{of, d_dst.data<float>(), floats(weights)}, std::int64_t{of.taps()} * of.dst_channels, bias,
            activation, d_src);
}

void kernel_convolution_backward_weights(const Tensor& src, const Tensor& d_dst, const Conv2d& conv,
                                         Tensor& d_weights) {
  const ConvolutionExtents of(src, d_dst, conv);
  const std::int64_t rows = of.dst_channels;
  const std::int64_t columns = std::int64_t{of.taps()} * of.channels;
  const std::int64_t terms = d_dst.size() / of.dst_channels;
  const SplitSum split = split_sum(terms, ceil_div(rows, tile) * ceil_div(columns, tile), depth);
  auto* sums =
      reinterpret_cast<float*>(scratch(static_cast<std::size_t>(split.parts * rows * columns) * sizeof(float)));
  using Sums = Finish<Activation::none>;
  launch(product_kernel<BackwardWeights, Sums>, grid_of(rows, columns, split.parts), dim3(block_threads),
         BackwardWeights{of, src.data<float>(), d_dst.data<float>()}, Sums{nullptr}, rows, columns, terms, split.share,
         sums);
  add_parts_up(sums, split.parts, rows * columns, d_weights.data<float>());
}

}  // namespace biossl::cuda
