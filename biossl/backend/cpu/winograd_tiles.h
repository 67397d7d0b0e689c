#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "biossl/backend/cpu/winograd_transforms.h"
#include "biossl/core/parallel.h"
#include "biossl/core/tensor.h"

// How a map is cut into tiles, and how their transforms lie in memory.
namespace biossl::cpu::BIOSSL_LEVEL::winograd {

inline constexpr std::int64_t group = 12;  // tiles whose transforms lie together; a multiple of every product's rows
inline constexpr std::int64_t scratch_bytes = 1 << 20;  // per thread, for transforms that stay in the L2 cache

/// Calls body(std::integral_constant<int, columns>): how many registers of outputs a matrix product keeps its sums for.
/// The most that the output channels fill.
template <class Body>
void with_columns(std::int64_t outputs, const Body& body) {
  if constexpr (lane_count == 16) {
    if (outputs % (4 * lane_count) == 0) return body(std::integral_constant<int, 4>());
  }
  if (outputs % (2 * lane_count) == 0) return body(std::integral_constant<int, 2>());
  body(std::integral_constant<int, 1>());
}

/// Sizes of a 3x3 convolution between two maps (N, H, W, C) of the same extents.
struct Extents {
  std::int64_t images, height, width, inputs, outputs;

  Extents(const Tensor& from, const Tensor& to)
      : images(from.extent(0)),
        height(from.extent(1)),
        width(from.extent(2)),
        inputs(from.extent(3)),
        outputs(to.extent(3)) {}
  std::int64_t down() const { return (height + tile - 1) / tile; }
  std::int64_t across() const { return (width + tile - 1) / tile; }
  std::int64_t tiles() const { return images * down() * across(); }
  std::int64_t weights() const { return elements * inputs * outputs; }
};

/// Where a tile's outputs begin.
struct Place {
  std::int64_t image, y, x;

  Place(const Extents& at, std::int64_t number)
      : image(number / (at.down() * at.across())),
        y(number / at.across() % at.down() * tile),
        x(number % at.across() * tile) {}
};

/// The transforms of some tiles: (tiles / group, 36, group, channels).
struct Transforms {
  float* values;
  std::int64_t channels;

  /// From one of 36 elements to the next. The spare register keeps them from meeting in the same sets of a cache.
  static std::int64_t plane_of(std::int64_t channels) { return group * channels + lane_count; }
  static std::int64_t size(std::int64_t tiles, std::int64_t channels) {
    return tiles / group * elements * plane_of(channels);
  }
  std::int64_t plane() const { return plane_of(channels); }
  float* of(std::int64_t number) const {
    return values + number / group * elements * plane() + number % group * channels;
  }
  /// Makes the transforms of tiles [first, last) zero.
  void clear(std::int64_t first, std::int64_t last) const {
    for (std::int64_t number = first; number < last; ++number) {
      for (int element = 0; element < elements; ++element) std::fill_n(of(number) + element * plane(), channels, 0.0F);
    }
  }
};

inline std::int64_t groups_of(std::int64_t tiles) { return (tiles + group - 1) / group; }

/// Pieces that all tiles are split into, one a thread.
inline std::int64_t pieces_of(const Extents& at) { return std::min<std::int64_t>(threads(), groups_of(at.tiles())); }

/// Calls body(piece, first tile, end of its tiles) for every piece, in parallel.
template <class Body>
void for_each_piece(const Extents& at, const Body& body) {
  const std::int64_t groups = groups_of(at.tiles());
  const std::int64_t pieces = pieces_of(at);
  parallel_for(pieces, 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t piece = first; piece < last; ++piece) {
      body(piece, groups * piece / pieces * group, std::min(groups * (piece + 1) / pieces * group, at.tiles()));
    }
  });
}

/// A map (N, H, W, C) of which squares of pixels are read. Zeros stand around it.
struct PaddedMap {
  const float* values;
  std::int64_t height, width, channels;
  const float* zeros;  // of as many channels as are read

  /// The pixels of a square whose corner is (y, x).
  template <int size>
  void find(std::int64_t image, std::int64_t y, std::int64_t x, const float* (&pixels)[size][size]) const {
    const float* corner = values + ((image * height + y) * width + x) * channels;
    for (int row = 0; row < size; ++row) {
      const bool has_row = y + row >= 0 && y + row < height;
      for (int column = 0; column < size; ++column) {
        const bool inside = has_row && x + column >= 0 && x + column < width;
        pixels[row][column] = inside ? corner + (row * width + column) * channels : zeros;
      }
    }
  }
};

/// Transforms `size` x `size` pixels whose corner is (y, x), channels [0, count), to 36 planes.
template <int size, class Transform>
void transform_pixels(const Transform& transform, const PaddedMap& map, std::int64_t image, std::int64_t y,
                      std::int64_t x, std::int64_t count, float* to, std::int64_t plane) {
  const float* pixels[size][size];
  map.find(image, y, x, pixels);
  for (std::int64_t c = 0; c < count; c += lane_count) {
    transform_square<size, span>(
        transform, [&](int row, int column) { return load_lanes(pixels[row][column] + c); },
        [&](int row, int column, const Lanes& lanes) { store_lanes(lanes, to + (row * span + column) * plane + c); });
  }
}

}  // namespace biossl::cpu::BIOSSL_LEVEL::winograd
