#include <algorithm>

#include "biossl/backend/backend.h"
#include "biossl/backend/cpu/bias.h"
#include "biossl/backend/cpu/elements.h"
#include "biossl/backend/cpu/lanes.h"
#include "biossl/backend/cpu/layer_recorder.h"
#include "biossl/backend/cpu/scratch.h"
#include "biossl/backend/cpu/winograd.h"
#include "biossl/backend/shared/spread_error.h"
#include "biossl/core/parallel.h"

// Convolutions below a max-pool.
//
// For updates below a 2x2 max-pool three of four errors are zeros, which a dense convolution multiplies too. The walk
// visits only the maxima, one output channel at a time: it adds the 3x3 patch of a maximum to the channel's sums in
// registers. Maps are copied to float32 planes of a few channels with a border of zeros, so that a patch is three
// contiguous rows and edges need no special case.
namespace biossl::cpu::BIOSSL_LEVEL {
namespace {

constexpr int taps = 9;
constexpr int vectors = lane_count == 16 ? 2 : 1;  // registers per tap; 18 of 32 registers, or 9 of 16
constexpr std::int64_t plane_channels = vectors * lane_count;
constexpr std::int64_t unit = taps * plane_channels;  // numbers per output channel and plane
constexpr std::int64_t band_bytes = 32 << 10;        // part of a plane that stays in the L1 cache while channels change
constexpr std::int64_t group_bytes = 256 << 10;      // planes that stay in the L2 cache
constexpr std::int64_t output_group = 8;             // channels whose updates stay in the L1 cache too
constexpr std::int64_t most_update_bytes = 4 << 20;  // per thread
constexpr std::int64_t fewest_winograd_outputs = 64;

/// The layout of maps (N, H, W, C) in planes, and the windows of their pool.
struct Planes {
  std::int64_t height, width, count, outputs, rows, columns;

  Planes(const Tensor& map, const Tensor& pooled)
      : height(map.extent(1)),
        width(map.extent(2)),
        count(map.extent(3) / plane_channels),
        outputs(pooled.extent(3)),
        rows(pooled.extent(1)),
        columns(pooled.extent(2)) {}
  std::int64_t row() const { return (width + 2) * plane_channels; }
  std::int64_t plane() const { return (height + 2) * row(); }
  std::int64_t image() const { return count * plane(); }
  std::int64_t windows() const { return rows * columns * outputs; }
  /// Rows of windows whose patches fill the L1 cache.
  std::int64_t band() const {
    return std::clamp<std::int64_t>((band_bytes / (row() * std::int64_t{sizeof(float)}) - 2) / 2, 1, rows);
  }
  std::int64_t group() const {
    return std::max<std::int64_t>(group_bytes / (image() * std::int64_t{sizeof(float)}), 1);
  }
  std::int64_t update() const { return outputs * count * unit; }
};

/// Keeps a pointer in its own register: otherwise GCC computes each of 18 addresses separately and spills them.
template <class T>
void keep(T*& pointer) {
  asm("" : "+r"(pointer));
}

/// update (9, plane_channels) += error * patch over the maxima of one output channel in `rows` rows of windows.
template <class T>
void gather_patches(const float* plane, const Planes& at, std::int64_t rows, const T* error, const std::uint8_t* argmax,
                    float* update) {
  constexpr int across = 3 * vectors;
  const std::int64_t winner[4] = {0, plane_channels, at.row(), at.row() + plane_channels};
  Lanes sums[3 * across];
#pragma GCC unroll 18
  for (int k = 0; k < 3 * across; ++k) sums[k] = load_lanes(update + k * lane_count);
  for (std::int64_t row = 0; row < rows; ++row) {
    const float* window = plane + 2 * row * at.row();
    for (std::int64_t column = 0; column < at.columns; ++column) {
      const float* upper = window + winner[*argmax];
      const float* middle = upper + at.row();
      const float* lower = middle + at.row();
      keep(upper), keep(middle), keep(lower);
      const auto factor = static_cast<float>(*error);
#pragma GCC unroll 6
      for (int k = 0; k < across; ++k) {
        sums[k] += factor * load_lanes(upper + k * lane_count);
        sums[across + k] += factor * load_lanes(middle + k * lane_count);
        sums[2 * across + k] += factor * load_lanes(lower + k * lane_count);
      }
      window += 2 * plane_channels;
      error += at.outputs;
      argmax += at.outputs;
    }
  }
#pragma GCC unroll 18
  for (int k = 0; k < 3 * across; ++k) store_lanes(sums[k], update + k * lane_count);
}

/// Calls body(index in the planes, index in the map) for every pixel and plane: the first of plane_channels channels.
template <class Body>
void for_each_pixel(const Planes& at, const Body& body) {
  for (std::int64_t y = 0; y < at.height; ++y) {
    for (std::int64_t x = 0; x < at.width; ++x) {
      for (std::int64_t plane = 0; plane < at.count; ++plane) {
        body(plane * at.plane() + (y + 1) * at.row() + (x + 1) * plane_channels,
             ((y * at.width + x) * at.count + plane) * plane_channels);
      }
    }
  }
}

template <class T>
void to_planes(const T* map, const Planes& at, float* planes) {
  for_each_pixel(at, [&](std::int64_t to, std::int64_t from) {
    for (int k = 0; k < vectors; ++k)
      store_lanes(load_lanes(map + from + k * lane_count), planes + to + k * lane_count);
  });
}

/// Calls body(image within the group, plane, output channel, first row of windows, rows) for a group of `images`, in an
/// order that keeps the data in the caches.
template <class Body>
void walk(const Planes& at, std::int64_t images, const Body& body) {
  for (std::int64_t first = 0; first < at.outputs; first += output_group) {
    const std::int64_t last = std::min(first + output_group, at.outputs);
    for (std::int64_t image = 0; image < images; ++image) {
      for (std::int64_t plane = 0; plane < at.count; ++plane) {
        for (std::int64_t row = 0; row < at.rows; row += at.band()) {
          const std::int64_t rows = std::min(at.band(), at.rows - row);
          for (std::int64_t output = first; output < last; ++output) body(image, plane, output, row, rows);
        }
      }
    }
  }
}

/// Splits the images into `pieces` pieces, one a thread, and calls body(piece, first image, images) for their groups.
template <class Body>
void for_each_group(std::int64_t images, const Planes& at, std::int64_t pieces, const Body& body) {
  parallel_for(pieces, 1, [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t piece = from; piece < to; ++piece) {
      const std::int64_t end = images * (piece + 1) / pieces;
      for (std::int64_t first = images * piece / pieces; first < end; first += at.group()) {
        body(piece, first, std::min(at.group(), end - first));
      }
    }
  });
}

/// Calls body(index here, index there) for every tap, in parallel over outputs; here is (O, planes, 9, plane_channels),
/// there is (O, 3, 3, I).
void for_each_tap(const Planes& at, const auto& body) {
  parallel_for(at.outputs, 4, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t k = begin * at.count * taps; k < end * at.count * taps; ++k) {
      const std::int64_t tap = k % taps;
      const std::int64_t plane = k / taps % at.count;
      const std::int64_t output = k / taps / at.count;
      body(k * plane_channels, ((output * taps + tap) * at.count + plane) * plane_channels);
    }
  });
}

bool can_walk(const PooledError& error, const Tensor& map, const Conv2d& conv) {
  const bool usual = conv == Conv2d{3, 1, 1} && error.window == 2;
  const std::int64_t bytes = map.extent(3) * taps * error.values.extent(3) * std::int64_t{sizeof(float)};
  return usual && map.extent(3) % plane_channels == 0 && bytes <= most_update_bytes && !LayerRecorder::recording();
}

/// Whether Winograd's algorithm is faster than the walk, or the walk impossible. Both make as many multiplications, but
/// the walk loads a register for each, and Winograd's transforms pay with many outputs only.
bool gains_by_winograd(const Tensor& src, const PooledError& error, const Conv2d& conv) {
  return error.window == 2 && (error.values.extent(3) >= fewest_winograd_outputs || !can_walk(error, src, conv)) &&
         suits_winograd_update(src, conv, error.values);
}

template <class T>
void walk_updates(const Tensor& src, const PooledError& error, Tensor& d_weights) {
  const Planes at(src, error.values);
  const std::int64_t pieces = std::min<std::int64_t>(threads(), src.extent(0));
  thread_local Tensor planes_memory, update_memory;
  float* planes = grown(planes_memory, pieces * at.group() * at.image());
  float* updates = grown(update_memory, pieces * at.update());
  parallel_for(pieces, 1, [&](std::int64_t begin, std::int64_t end) {
    std::fill(updates + begin * at.update(), updates + end * at.update(), 0.0F);
    // Clears the borders: planes of another shape may have used this memory.
    std::fill(planes + begin * at.group() * at.image(), planes + end * at.group() * at.image(), 0.0F);
  });
  const T* maps = src.data<T>();
  const T* errors = error.values.data<T>();
  const auto* argmax = error.argmax.data<std::uint8_t>();
  for_each_group(src.extent(0), at, pieces, [&](std::int64_t piece, std::int64_t first, std::int64_t images) {
    float* group = planes + piece * at.group() * at.image();
    for (std::int64_t image = 0; image < images; ++image) {
      to_planes(maps + (first + image) * src.shape().row_size(), at, group + image * at.image());
    }
    walk(at, images,
         [&](std::int64_t image, std::int64_t plane, std::int64_t output, std::int64_t row, std::int64_t rows) {
           const std::int64_t window = (first + image) * at.windows() + row * at.columns * at.outputs + output;
           gather_patches(group + image * at.image() + plane * at.plane() + 2 * row * at.row(), at, rows,
                          errors + window, argmax + window,
                          updates + piece * at.update() + (output * at.count + plane) * unit);
         });
  });
  float* result = d_weights.data<float>();
  for_each_tap(at, [&](std::int64_t here, std::int64_t there) {
    for (std::int64_t c = 0; c < plane_channels; ++c) {
      float sum = 0.0F;
      for (std::int64_t piece = 0; piece < pieces; ++piece) sum += updates[piece * at.update() + here + c];
      result[there + c] = sum;
    }
  });
}

}  // namespace

void conv2d_pooled_forward(const Tensor& src, const Weights& weights, const Tensor& bias, const Conv2d& conv,
                           std::int64_t window, Activation activation, Tensor& unpooled, Tensor& dst, Tensor& argmax) {
  if (window == 2 && activation != Activation::tanh && suits_winograd(src, conv, dst, src)) {
    return convolve_and_pool_by_winograd(src, weights, bias, activation, dst, argmax);
  }
  conv2d_forward(src, weights, bias, conv, Activation::none, unpooled);
  max_pool_forward(unpooled, window, activation, dst, argmax);
}

void conv2d_pooled_backward_data(const PooledError& error, const Weights& weights, const Conv2d& conv, Tensor& d_src) {
  if (error.window == 2 && suits_winograd(error.values, conv, d_src, d_src)) {
    return send_back_by_winograd(error, weights, d_src);
  }
  conv2d_backward_data(shared::spread(error, d_src, conv), weights, conv, d_src);
}

void conv2d_pooled_backward_weights(const Tensor& src, const PooledError& error, const Conv2d& conv, Tensor& d_weights,
                                    Tensor& d_bias) {
  if (gains_by_winograd(src, error, conv)) {
    update_by_winograd(src, error, d_weights);
    return sum_bias<float>(error.values, d_bias);
  }
  if (!can_walk(error, src, conv)) {
    return conv2d_backward_weights(src, shared::spread(error, src, conv), conv, d_weights, d_bias);
  }
  with_type(src, [&](auto zero) {
    using T = decltype(zero);
    walk_updates<T>(src, error, d_weights);
    sum_bias<T>(error.values, d_bias);
  });
}

}  // namespace biossl::cpu::BIOSSL_LEVEL
