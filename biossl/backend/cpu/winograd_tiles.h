#pragma once

#include <algorithm>
#include <atomic>
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

/// Sizes of a 3x3 convolution between two maps (N, H, W, C) of the same extents. One of them may be given as its maxima
/// alone; `map` is the other one.
struct Extents {
  std::int64_t images, height, width, inputs, outputs;

  Extents(const Tensor& from, const Tensor& to, const Tensor& map)
      : images(map.extent(0)),
        height(map.extent(1)),
        width(map.extent(2)),
        inputs(from.extent(3)),
        outputs(to.extent(3)) {}
  std::int64_t down() const { return (height + tile - 1) / tile; }
  std::int64_t across() const { return (width + tile - 1) / tile; }
  std::int64_t tiles() const { return images * down() * across(); }
  std::int64_t weights() const { return elements * inputs * outputs; }
};

/// A pixel.
struct Place {
  std::int64_t image, y, x;
};

/// Where a tile's outputs begin.
inline Place place_of(const Extents& at, std::int64_t tile_number) {
  return {tile_number / (at.down() * at.across()), tile_number / at.across() % at.down() * tile,
          tile_number % at.across() * tile};
}

/// A square of 36 elements, each in a plane of its own.
struct Planes {
  float* values;
  std::int64_t distance;

  float* of(int y, int x) const { return values + (y * span + x) * distance; }
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
  Planes planes_of(std::int64_t number) const { return {of(number), plane()}; }
  /// Makes the transforms of tiles [first, last) zero.
  void clear(std::int64_t first, std::int64_t last) const {
    for (std::int64_t number = first; number < last; ++number) {
      for (int element = 0; element < elements; ++element) std::fill_n(of(number) + element * plane(), channels, 0.0F);
    }
  }
};

inline std::int64_t groups_of(std::int64_t tiles) { return (tiles + group - 1) / group; }

/// Threads that all tiles keep at work.
inline std::int64_t workers_of(const Extents& at) { return std::min<std::int64_t>(threads(), groups_of(at.tiles())); }

/// Tiles [begin, end).
struct TileRange {
  std::int64_t begin, end;

  std::int64_t count() const { return end - begin; }
};

/// Hands tiles out to whichever thread is ready, so that none waits long for a slower one.
class TileQueue {
 public:
  explicit TileQueue(const Extents& at)
      : tiles_(at.tiles()),
        groups_(groups_of(tiles_)),
        threads_(threads()),
        fewest_(std::clamp<std::int64_t>(groups_ / threads_, 1, 2)) {}

  /// The next tiles: `most`, or fewer where the end is near; none are left where the range is empty.
  TileRange take(std::int64_t most) {
    std::int64_t first = next_.load();
    std::int64_t count = 0;
    do {
      const std::int64_t share = (groups_ - first) / (2 * threads_);
      count = std::min(std::clamp<std::int64_t>(share, fewest_, most / group), groups_ - first);
    } while (!next_.compare_exchange_weak(first, first + count));
    return {std::min(first * group, tiles_), std::min((first + count) * group, tiles_)};
  }

 private:
  std::int64_t tiles_;
  std::int64_t groups_;
  std::int64_t threads_;
  std::int64_t fewest_;  // groups, for which all weights are read
  std::atomic<std::int64_t> next_ = 0;
};

/// Calls body(piece, first tile, end of its tiles) in parallel, for one piece of the tiles a thread.
template <class Body>
void for_each_piece(const Extents& at, const Body& body) {
  const std::int64_t groups = groups_of(at.tiles());
  const std::int64_t pieces = workers_of(at);
  parallel_for(pieces, 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t piece = first; piece < last; ++piece) {
      body(piece, groups * piece / pieces * group, std::min(groups * (piece + 1) / pieces * group, at.tiles()));
    }
  });
}

}  // namespace biossl::cpu::BIOSSL_LEVEL::winograd
