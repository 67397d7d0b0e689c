#include <mma.h>

#include "biossl/backend/cuda/convolution_extents.cuh"
#include "biossl/backend/cuda/convolution_kernels.h"
#include "biossl/backend/cuda/kernels.cuh"
#include "biossl/backend/cuda/split_sum.h"
#include "biossl/backend/shared/activation.h"

// Each convolution is a product of bfloat16 matrices, C (M,N) = A (M,K) B (K,N), summed in float32. A and B are read in
// place, eight neighbours at a time; patches are never copied to memory. A tile of both goes through registers into
// shared memory while the tensor cores multiply the previous tile. A warp keeps 32 x 32 sums.
namespace biossl::cuda {
namespace {

namespace wmma = nvcuda::wmma;

constexpr int depth = 32;     // terms of a tile
constexpr int warp_own = 32;  // a warp's rows and columns of the tile
constexpr int fragment = 16;  // rows, columns and terms of what tensor cores multiply at a time
constexpr int width = 8;      // neighbours: 16 bytes
using Neighbours = Pack<bfloat16, width>;

// --- operands: element (line, place); the places of a line are neighbours in memory

/// Rows of a matrix (lines, places). With taps: of weights (O, taps, C), one line per (tap, o).
struct Rows {
  const bfloat16* values;
  std::int32_t lines, places;
  std::int32_t taps = 1;

  __device__ const bfloat16* at(std::int32_t line, std::int32_t place) const {
    const std::int32_t outputs = lines / taps;
    const std::int32_t row = taps == 1 ? line : line % outputs * taps + line / outputs;
    return values + std::int64_t{row} * places + place;
  }
};

/// The pixels that a convolution connects: one line per pixel, one place per (tap, channel). seen: the lines are pixels
/// of dst and read src; otherwise they are pixels of src and read dst.
template <bool seen>
struct Connected {
  ConvolutionExtents of;
  const bfloat16* map;
  std::int32_t channels;  // of the map
  std::int32_t lines;
  std::int32_t places = of.taps() * channels;

  __device__ const bfloat16* at(std::int32_t line, std::int32_t place) const {
    const std::int32_t tap = place / channels;
    const std::int64_t pixel = seen ? of.src_pixel(line, tap) : of.dst_pixel(line, tap);
    return pixel < 0 ? nullptr : map + pixel * channels + place % channels;
  }
};

/// A matrix as an operand. along_terms: its places are the terms of the product, its lines are C's rows or columns;
/// otherwise its lines are the terms. in_eights: eight neighbours can be read at once, because they are aligned and
/// belong to one pixel.
template <class Matrix, bool along, bool in_eights>
struct Operand {
  static constexpr bool along_terms = along;
  Matrix matrix;

  /// Eight neighbours; zeros outside the matrix and where it is empty.
  __device__ Neighbours read(std::int32_t line, std::int32_t place) const {
    Neighbours read{};
    if (line >= matrix.lines) return read;
    if constexpr (in_eights) {
      const bfloat16* from = place < matrix.places ? matrix.at(line, place) : nullptr;
      if (from != nullptr) read = *reinterpret_cast<const Neighbours*>(from);
    } else {
#pragma unroll
      for (int i = 0; i < width; ++i) {
        const bfloat16* from = place + i < matrix.places ? matrix.at(line, place + i) : nullptr;
        if (from != nullptr) read.of[i] = *from;
      }
    }
    return read;
  }
};

// --- the product

/// A tile of an operand: `extent` rows or columns of C by `depth` terms, in shared memory in the layout of the operand.
template <class Operand, int extent, int threads>
class Tile {
 public:
  static constexpr bool along_terms = Operand::along_terms;
  static constexpr int lines = along_terms ? extent : depth;
  static constexpr int places = along_terms ? depth : extent;
  static constexpr int pitch = places + width;  // so that eight lines begin in different banks
  static constexpr int size = lines * pitch;

  /// Starts reading this thread's part of a tile.
  __device__ void read(const Operand& from, std::int32_t first_of_c, std::int32_t first_term) {
#pragma unroll
    for (int i = 0; i < own; ++i) {
      const std::int32_t line = (along_terms ? first_of_c : first_term) + line_of(i);
      held_[i] = from.read(line, (along_terms ? first_term : first_of_c) + place_of(i));
    }
  }
  __device__ void write(bfloat16* tile) const {
#pragma unroll
    for (int i = 0; i < own; ++i) *reinterpret_cast<Neighbours*>(tile + line_of(i) * pitch + place_of(i)) = held_[i];
  }
  /// The start of a fragment.
  static __device__ int begin(int of_c, int term) { return along_terms ? of_c * pitch + term : term * pitch + of_c; }

 private:
  static constexpr int own = lines * places / width / threads;
  static_assert(own * width * threads == lines * places);

  static __device__ int line_of(int i) { return (static_cast<int>(threadIdx.x) + i * threads) / (places / width); }
  static __device__ int place_of(int i) {
    return (static_cast<int>(threadIdx.x) + i * threads) % (places / width) * width;
  }

  Neighbours held_[own];
};

template <class Use, bool row_major>
using Fragment = wmma::fragment<Use, fragment, fragment, fragment, __nv_bfloat16,
                                std::conditional_t<row_major, wmma::row_major, wmma::col_major>>;
using Sums = wmma::fragment<wmma::accumulator, fragment, fragment, fragment, float>;

constexpr int fragments = warp_own / fragment;

/// sums += a warp's rows of one tile times its columns of the other.
template <class TileA, class TileB>
__device__ void multiply(const bfloat16* a, const bfloat16* b, int row, int column, Sums (*sums)[fragments]) {
#pragma unroll
  for (int term = 0; term < depth; term += fragment) {
    Fragment<wmma::matrix_a, TileA::along_terms> left[fragments];
    Fragment<wmma::matrix_b, !TileB::along_terms> right[fragments];
#pragma unroll
    for (int i = 0; i < fragments; ++i) {
      const bfloat16* from_a = a + TileA::begin(row + i * fragment, term);
      const bfloat16* from_b = b + TileB::begin(column + i * fragment, term);
      wmma::load_matrix_sync(left[i], reinterpret_cast<const __nv_bfloat16*>(from_a), TileA::pitch);
      wmma::load_matrix_sync(right[i], reinterpret_cast<const __nv_bfloat16*>(from_b), TileB::pitch);
    }
#pragma unroll
    for (int i = 0; i < fragments; ++i) {
#pragma unroll
      for (int j = 0; j < fragments; ++j) wmma::mma_sync(sums[i][j], left[i], right[j], sums[i][j]);
    }
  }
}

/// Stores sums: part p goes to dst + p rows columns, after bias and activation.
template <class T>
struct Destination {
  T* dst;
  std::int32_t rows, columns;
  const float* bias;  // of columns; may be null
  Activation activation;

  __device__ void store(std::int64_t part, std::int32_t row, std::int32_t column, float sum) const {
    if (row >= rows || column >= columns) return;
    const float biased = bias == nullptr ? sum : sum + bias[column];
    const float finished =
        shared::with_activation(activation, [=](auto which) { return shared::activate<which()>(biased); });
    dst[(part * rows + row) * columns + column] = T(finished);
  }
};

constexpr int larger(int one, int other) { return one > other ? one : other; }

template <int rows, int columns>
constexpr int threads_of = rows / warp_own*(columns / warp_own) * warp_size;

/// A block makes a tile of `rows` by `columns` sums over part blockIdx.z of the terms, `share` each.
template <int rows, int columns, class A, class B, class T>
__global__ void __launch_bounds__(threads_of<rows, columns>)
    tensor_core_kernel(A a, B b, std::int32_t terms, std::int32_t share, Destination<T> to) {
  constexpr int threads = threads_of<rows, columns>;
  using TileA = Tile<A, rows, threads>;
  using TileB = Tile<B, columns, threads>;
  constexpr int stage = TileA::size + TileB::size;
  constexpr int sums_pitch = columns + 4;
  constexpr int bytes =
      larger(2 * stage * static_cast<int>(sizeof(bfloat16)), rows * sums_pitch * static_cast<int>(sizeof(float)));
  alignas(128) __shared__ unsigned char memory[bytes];  // two stages of tiles; at the end, the sums
  auto* tiles = reinterpret_cast<bfloat16*>(memory);

  const int warp = static_cast<int>(threadIdx.x) / warp_size;
  const int row = warp / (columns / warp_own) * warp_own;
  const int column = warp % (columns / warp_own) * warp_own;
  const auto first_row = static_cast<std::int32_t>(blockIdx.x) * rows;
  const auto first_column = static_cast<std::int32_t>(blockIdx.y) * columns;
  const std::int32_t begin = static_cast<std::int32_t>(blockIdx.z) * share;
  const std::int32_t end = terms - begin < share ? terms : begin + share;

  Sums sums[fragments][fragments];
  for (auto& line : sums) {
    for (auto& each : line) wmma::fill_fragment(each, 0.0F);
  }
  TileA of_a;
  TileB of_b;
  of_a.read(a, first_row, begin);
  of_b.read(b, first_column, begin);
  int at = 0;
  for (std::int32_t term = begin; term < end; term += depth) {
    bfloat16* tile_a = tiles + at * stage;
    bfloat16* tile_b = tile_a + TileA::size;
    // All threads have passed the barrier of the previous tile, so they have finished the multiplication before it, the
    // last reader of this stage.
    of_a.write(tile_a);
    of_b.write(tile_b);
    __syncthreads();
    if (end - term > depth) {
      of_a.read(a, first_row, term + depth);
      of_b.read(b, first_column, term + depth);
    }
    multiply<TileA, TileB>(tile_a, tile_b, row, column, sums);
    at = 1 - at;
  }

  __syncthreads();  // the last tiles have been read
  auto* finished = reinterpret_cast<float*>(memory);
  for (int i = 0; i < fragments; ++i) {
    for (int j = 0; j < fragments; ++j) {
      float* corner = finished + (row + i * fragment) * sums_pitch + column + j * fragment;
      wmma::store_matrix_sync(corner, sums[i][j], sums_pitch, wmma::mem_row_major);
    }
  }
  __syncthreads();
  for (int i = static_cast<int>(threadIdx.x); i < rows * columns; i += threads) {
    to.store(blockIdx.z, first_row + i / columns, first_column + i % columns,
             finished[i / columns * sums_pitch + i % columns]);
  }
}

template <int rows, int columns, class A, class B, class T>
void multiply_tiles(const A& a, const B& b, std::int32_t terms, const SplitSum& split, const Destination<T>& to) {
  const dim3 grid(blocks_for(to.rows, rows), blocks_for(to.columns, columns), static_cast<unsigned>(split.parts));
  launch(tensor_core_kernel<rows, columns, A, B, T>, grid, dim3(threads_of<rows, columns>), a, b, terms, split.share,
         to);
}

// --- the three convolutions

const bfloat16* narrow(const std::byte* weights) { return reinterpret_cast<const bfloat16*>(weights); }

/// Whether neighbouring channels can be read eight at a time.
bool comes_in_eights(std::int32_t channels, const void* values) {
  return channels % width == 0 && reinterpret_cast<std::uintptr_t>(values) % sizeof(Neighbours) == 0;
}

/// body(true_type or false_type).
template <class Body>
void with_constant(bool value, const Body& body) {
  if (value) return body(std::true_type{});
  body(std::false_type{});
}

std::int32_t pixels_of(const Tensor& maps) { return static_cast<std::int32_t>(maps.size() / maps.extent(3)); }

/// maps = activation(bias + A B), where A has a line for each pixel of the maps.
template <bool b_along_terms, class A, class B>
void make_maps(const A& a, const B& b, bool in_eights, const Tensor& bias, Activation activation, Tensor& maps) {
  const Destination<bfloat16> to{maps.data<bfloat16>(), pixels_of(maps), static_cast<std::int32_t>(maps.extent(3)),
                                 data_or_null<float>(bias), activation};
  with_constant(in_eights, [&](auto eights) {
    multiply_tiles<128, 64>(Operand<A, true, eights()>{a}, Operand<B, b_along_terms, eights()>{b}, a.places,
                            {a.places, 1}, to);
  });
}

/// Chooses the tile with the least waste: one of few rows, or a square one.
template <class A, class B>
void sum_over_pixels(const A& a, const B& b, Tensor& d_weights) {
  const std::int32_t rows = a.matrix.places;
  const std::int32_t columns = b.matrix.places;
  const std::int32_t terms = a.matrix.lines;
  const bool few_rows = rows <= 32;
  const std::int64_t tiles = few_rows ? ceil_div(columns, 128) : ceil_div(rows, 64) * ceil_div(columns, 64);
  const SplitSum split = split_sum(terms, tiles, depth);
  const std::int64_t size = std::int64_t{rows} * columns;
  auto* parts = reinterpret_cast<float*>(scratch(static_cast<std::size_t>(split.parts * size) * sizeof(float)));
  const Destination<float> to{parts, rows, columns, nullptr, Activation::none};
  if (few_rows) {
    multiply_tiles<32, 128>(a, b, terms, split, to);
  } else {
    multiply_tiles<64, 64>(a, b, terms, split, to);
  }
  add_parts_up(parts, split.parts, size, d_weights.data<float>());
}

}  // namespace

void tensor_core_convolution_forward(const Tensor& src, const std::byte* weights, const Tensor& bias,
                                     const Conv2d& conv, Activation activation, Tensor& dst) {
  const ConvolutionExtents of(src, dst, conv);
  const Connected<true> seen{of, src.data<bfloat16>(), of.channels, pixels_of(dst)};
  const bool in_eights = comes_in_eights(of.channels, src.raw()) && comes_in_eights(of.channels, weights);
  make_maps<true>(seen, Rows{narrow(weights), of.dst_channels, seen.places}, in_eights, bias, activation, dst);
}

void tensor_core_convolution_backward_data(const Tensor& d_dst, const std::byte* weights, const Tensor& bias,
                                           const Conv2d& conv, Activation activation, Tensor& d_src) {
  const ConvolutionExtents of(d_src, d_dst, conv);
  const Connected<false> reached{of, d_dst.data<bfloat16>(), of.dst_channels, pixels_of(d_src)};
  const bool in_eights = comes_in_eights(of.dst_channels, d_dst.raw()) && comes_in_eights(of.channels, weights);
  make_maps<false>(reached, Rows{narrow(weights), reached.places, of.channels, of.taps()}, in_eights, bias, activation,
                   d_src);
}

void tensor_core_convolution_backward_weights(const Tensor& src, const Tensor& d_dst, const Conv2d& conv,
                                              Tensor& d_weights) {
  const ConvolutionExtents of(src, d_dst, conv);
  const Rows errors{d_dst.data<bfloat16>(), pixels_of(d_dst), of.dst_channels};
  const Connected<true> seen{of, src.data<bfloat16>(), of.channels, pixels_of(d_dst)};
  with_constant(comes_in_eights(of.dst_channels, d_dst.raw()), [&](auto errors_in_eights) {
    with_constant(comes_in_eights(of.channels, src.raw()), [&](auto seen_in_eights) {
      sum_over_pixels(Operand<Rows, false, errors_in_eights()>{errors},
                      Operand<Connected<true>, false, seen_in_eights()>{seen}, d_weights);
    });
  });
}

}  // namespace biossl::cuda
