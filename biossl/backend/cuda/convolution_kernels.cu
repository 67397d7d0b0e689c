#include "biossl/backend/cuda/convolution_kernels.h"
#include "biossl/backend/cuda/kernels.cuh"
#include "biossl/backend/shared/activation.h"

// Each convolution as a product of matrices, C (M,N) = A (M,K) B (K,N), of which A and B are read where they lie: a
// tile of both goes through shared memory, and a thread keeps 4 x 4 sums in registers.
namespace biossl::cuda {
namespace {

constexpr int tile = 64;   // of M and of N
constexpr int depth = 16;  // of K
constexpr int own = 4;     // a thread's rows and columns of the tile
constexpr int side = tile / own;
static_assert(side * side == block_threads);

/// Extents of a convolution; 32-bit, as a GPU divides those quickly.
struct Extents {
  std::int32_t height, width, channels;              // of src
  std::int32_t dst_height, dst_width, dst_channels;  // of dst
  std::int32_t kernel, stride, padding;

  Extents(const Tensor& src, const Tensor& dst, const Conv2d& conv)
      : height(static_cast<std::int32_t>(src.extent(1))),
        width(static_cast<std::int32_t>(src.extent(2))),
        channels(static_cast<std::int32_t>(src.extent(3))),
        dst_height(static_cast<std::int32_t>(dst.extent(1))),
        dst_width(static_cast<std::int32_t>(dst.extent(2))),
        dst_channels(static_cast<std::int32_t>(dst.extent(3))),
        kernel(static_cast<std::int32_t>(conv.kernel)),
        stride(static_cast<std::int32_t>(conv.stride)),
        padding(static_cast<std::int32_t>(conv.padding)) {}
  std::int32_t taps() const { return kernel * kernel; }

  /// Channel c of the pixel of src that a tap connects with a pixel of dst; 0 outside.
  template <class T>
  __device__ float seen(const T* src, std::int64_t dst_pixel, std::int32_t tap, std::int32_t c) const {
    const auto within = static_cast<std::int32_t>(dst_pixel % (dst_height * dst_width));
    const std::int32_t row = within / dst_width * stride + tap / kernel - padding;
    const std::int32_t column = within % dst_width * stride + tap % kernel - padding;
    if (row < 0 || row >= height || column < 0 || column >= width) return 0.0F;
    const std::int64_t pixel = (dst_pixel / (dst_height * dst_width) * height + row) * width + column;
    return static_cast<float>(src[pixel * channels + c]);
  }
  /// Channel o of the pixel of dst that a tap connects with a pixel of src; 0 where there is none.
  template <class T>
  __device__ float reached(const T* dst, std::int64_t src_pixel, std::int32_t tap, std::int32_t o) const {
    const auto within = static_cast<std::int32_t>(src_pixel % (height * width));
    const std::int32_t row = within / width + padding - tap / kernel;
    const std::int32_t column = within % width + padding - tap % kernel;
    if (row < 0 || row % stride != 0 || row / stride >= dst_height) return 0.0F;
    if (column < 0 || column % stride != 0 || column / stride >= dst_width) return 0.0F;
    const std::int64_t pixel = (src_pixel / (height * width) * dst_height + row / stride) * dst_width + column / stride;
    return static_cast<float>(dst[pixel * dst_channels + o]);
  }
};

/// m: a pixel of dst, n: its channel, k: tap and channel of src.
template <class T>
struct Forward {
  Extents of;
  const T *src, *weights;

  __device__ float a(std::int64_t m, std::int64_t k) const {
    return of.seen(src, m, static_cast<std::int32_t>(k) / of.channels, static_cast<std::int32_t>(k) % of.channels);
  }
  __device__ float b(std::int64_t k, std::int64_t n) const {
    return static_cast<float>(weights[n * of.kernel * of.kernel * of.channels + k]);
  }
};

/// m: a pixel of src, n: its channel, k: tap and channel of dst.
template <class T>
struct BackwardData {
  Extents of;
  const T *d_dst, *weights;

  __device__ float a(std::int64_t m, std::int64_t k) const {
    return of.reached(d_dst, m, static_cast<std::int32_t>(k) / of.dst_channels,
                      static_cast<std::int32_t>(k) % of.dst_channels);
  }
  __device__ float b(std::int64_t k, std::int64_t n) const {
    const std::int64_t tap = k / of.dst_channels;
    const std::int64_t o = k % of.dst_channels;
    return static_cast<float>(weights[(o * of.kernel * of.kernel + tap) * of.channels + n]);
  }
};

/// m: a channel of dst, n: tap and channel of src, k: a pixel of dst.
template <class T>
struct BackwardWeights {
  Extents of;
  const T *src, *d_dst;

  __device__ float a(std::int64_t m, std::int64_t k) const {
    return static_cast<float>(d_dst[k * of.dst_channels + m]);
  }
  __device__ float b(std::int64_t k, std::int64_t n) const {
    return of.seen(src, k, static_cast<std::int32_t>(n) / of.channels, static_cast<std::int32_t>(n) % of.channels);
  }
};

/// What a sum becomes before it is rounded and stored.
template <Activation activation>
struct Finish {
  const float* bias;  // of N; may be null

  __device__ float operator()(float sum, std::int64_t n) const {
    return shared::activate<activation>(bias == nullptr ? sum : sum + bias[n]);
  }
};

/// Part blockIdx.z of K's `share` each; its sums go to dst + part M N.
template <class Matrices, class Finish, class T>
__global__ void __launch_bounds__(block_threads)
    product_kernel(Matrices matrices, Finish finish, std::int64_t rows, std::int64_t columns, std::int64_t terms,
                   std::int64_t share, T* dst) {
  __shared__ float a[depth][tile + 1];
  __shared__ float b[depth][tile + 1];
  const auto thread = static_cast<int>(threadIdx.x);
  const std::int64_t first_row = std::int64_t{blockIdx.x} * tile;
  const std::int64_t first_column = std::int64_t{blockIdx.y} * tile;
  const std::int64_t begin = blockIdx.z * share;
  const std::int64_t end = begin + share < terms ? begin + share : terms;
  float sums[own][own] = {};
  for (std::int64_t first = begin; first < end; first += depth) {
    for (int i = thread; i < depth * tile; i += block_threads) {
      // Neighbouring threads read what lies together: k of A's rows and of B's columns, or, where sums run over pixels,
      // channels.
      const std::int64_t k = first + i % depth;
      const std::int64_t m = first_row + i / depth;
      const std::int64_t n = first_column + i / depth;
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
      const std::int64_t m = first_row + thread / side + i * side;
      const std::int64_t n = first_column + thread % side + j * side;
      if (m < rows && n < columns) dst[(blockIdx.z * rows + m) * columns + n] = T(finish(sums[i][j], n));
    }
  }
}

dim3 grid_of(std::int64_t rows, std::int64_t columns, std::int64_t parts) {
  return {blocks_for(rows, tile), blocks_for(columns, tile), static_cast<unsigned>(parts)};
}

/// Maps (…, columns) = activation(bias + the product), rows pixels of them.
template <class Matrices, class T>
void make_maps(const Matrices& matrices, std::int64_t terms, const Tensor& bias, Activation activation, Tensor& maps) {
  const std::int64_t columns = maps.extent(3);
  const std::int64_t rows = maps.size() / columns;
  shared::with_activation(activation, [&](auto which) {
    using Finished = Finish<which()>;
    launch(product_kernel<Matrices, Finished, T>, grid_of(rows, columns, 1), dim3(block_threads), matrices,
           Finished{data_or_null<float>(bias)}, rows, columns, terms, terms, maps.data<T>());
  });
}

/// Parts of a sum over so many pixels: enough to occupy the device, a number that depends on the extents alone.
std::int64_t parts_for(std::int64_t rows, std::int64_t columns, std::int64_t terms) {
  const std::int64_t tiles = ceil_div(rows, tile) * ceil_div(columns, tile);
  const std::int64_t wanted = ceil_div(264, tiles);  // two a multiprocessor of a Hopper
  return std::max<std::int64_t>(1, std::min(wanted, ceil_div(terms, 16 * depth)));
}

}  // namespace

/// dst[i] = the sum of the parts' i-th.
static void add_up(const float* parts, std::int64_t count, std::int64_t size, float* dst) {
  for_each(size, [=] __device__(std::int64_t i) {
    float sum = 0.0F;
    for (std::int64_t part = 0; part < count; ++part) sum += parts[part * size + i];
    dst[i] = sum;
  });
}

void kernel_convolution_forward(const Tensor& src, const std::byte* weights, const Tensor& bias, const Conv2d& conv,
                                Activation activation, Tensor& dst) {
  const Extents of(src, dst, conv);
  with_float_type(src, [&](auto zero) {
    using T = decltype(zero);
    const Forward<T> matrices{of, src.data<T>(), reinterpret_cast<const T*>(weights)};
    make_maps<Forward<T>, T>(matrices, std::int64_t{of.taps()} * of.channels, bias, activation, dst);
  });
}

void kernel_convolution_backward_data(const Tensor& d_dst, const std::byte* weights, const Tensor& bias,
                                      const Conv2d& conv, Activation activation, Tensor& d_src) {
  const Extents of(d_src, d_dst, conv);
  with_float_type(d_dst, [&](auto zero) {
    using T = decltype(zero);
    const BackwardData<T> matrices{of, d_dst.data<T>(), reinterpret_cast<const T*>(weights)};
    make_maps<BackwardData<T>, T>(matrices, std::int64_t{of.taps()} * of.dst_channels, bias, activation, d_src);
  });
}

void kernel_convolution_backward_weights(const Tensor& src, const Tensor& d_dst, const Conv2d& conv,
                                         Tensor& d_weights) {
  const Extents of(src, d_dst, conv);
  const std::int64_t rows = of.dst_channels;
  const std::int64_t columns = std::int64_t{of.taps()} * of.channels;
  const std::int64_t terms = d_dst.size() / of.dst_channels;
  const std::int64_t share = ceil_div(ceil_div(terms, parts_for(rows, columns, terms)), depth) * depth;
  const std::int64_t parts = ceil_div(terms, share);
  auto* sums = reinterpret_cast<float*>(scratch(static_cast<std::size_t>(parts * rows * columns) * sizeof(float)));
  with_float_type(src, [&](auto zero) {
    using T = decltype(zero);
    const BackwardWeights<T> matrices{of, src.data<T>(), d_dst.data<T>()};
    using Sums = Finish<Activation::none>;
    launch(product_kernel<BackwardWeights<T>, Sums, float>, grid_of(rows, columns, parts), dim3(block_threads),
           matrices, Sums{nullptr}, rows, columns, terms, share, sums);
  });
  add_up(sums, parts, rows * columns, d_weights.data<float>());
}

}  // namespace biossl::cuda
