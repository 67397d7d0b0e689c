#pragma once

#include <cstdint>

#include "biossl/backend/cpu/lanes.h"
#include "biossl/backend/cpu/winograd_tiles.h"
#include "biossl/backend/cpu/winograd_transforms.h"

// Where the squares of pixels come from that are transformed: a map, or the maxima of its windows. Zeros stand around
// it.
namespace biossl::cpu::BIOSSL_LEVEL::winograd {

/// Channels [first, end) of a map that has `all`.
struct Channels {
  std::int64_t all, first, end;
};

/// A map (N, H, W, C).
struct MapInput {
  const float* values;
  const float* zeros;  // C of them

  /// Transforms `size` x `size` pixels from a corner on to planes of `to`.
  template <int size, class Transform>
  void transform(const Transform& by, const Extents& at, const Channels& channels, const Place& corner,
                 const Planes& to) const {
    const float* pixels[size][size];
    find(at, channels.all, corner, pixels);
    for (std::int64_t c = channels.first; c < channels.end; c += lane_count) {
      transform_square<size, span>(
          by, [&](int y, int x) { return load_lanes(pixels[y][x] + c); },
          [&](int y, int x, const Lanes& lanes) { store_lanes(lanes, to.of(y, x) + c - channels.first); });
    }
  }

 private:
  template <int size>
  void find(const Extents& at, std::int64_t channels, const Place& corner, const float* (&pixels)[size][size]) const {
    const std::int64_t first = ((corner.image * at.height + corner.y) * at.width + corner.x) * channels;
    for (int y = 0; y < size; ++y) {
      const bool has_row = corner.y + y >= 0 && corner.y + y < at.height;
      for (int x = 0; x < size; ++x) {
        const bool inside = has_row && corner.x + x >= 0 && corner.x + x < at.width;
        pixels[y][x] = inside ? values + first + (y * at.width + x) * channels : zeros;
      }
    }
  }
};

/// A map whose pixels are zero but for the maximum of each window of 2x2: (N, H / 2, W / 2, C).
struct MaximaInput {
  const float* values;
  const std::uint8_t* argmax;

  /// As MapInput's.
  template <int size, class Transform>
  void transform(const Transform& by, const Extents& at, const Channels& channels, const Place& corner,
                 const Planes& to) const {
    constexpr int before = size == span ? 1 : 0;  // the square begins within a window
    static_assert(size == span || size == tile);
    constexpr int windows = (size + before + 1) / 2;
    const Place window{corner.image, (corner.y - before) / 2, (corner.x - before) / 2};
    for (std::int64_t c = channels.first; c < channels.end; c += lane_count) {
      Lanes maxima[windows][windows];
      Numbers which[windows][windows];
      for (int y = 0; y < windows; ++y) {
        for (int x = 0; x < windows; ++x) {
          load(at, channels.all, {window.image, window.y + y, window.x + x}, c, maxima[y][x], which[y][x]);
        }
      }
      transform_square<size, span>(
          by,
          [&](int y, int x) {
            const int row = y + before;
            const int column = x + before;
            const auto is_maximum = which[row / 2][column / 2] == row % 2 * 2 + column % 2;
            return is_maximum ? maxima[row / 2][column / 2] : Lanes{};
          },
          [&](int y, int x, const Lanes& lanes) { store_lanes(lanes, to.of(y, x) + c - channels.first); });
    }
  }

 private:
  void load(const Extents& at, std::int64_t channels, const Place& window, std::int64_t channel, Lanes& maximum,
            Numbers& which) const {
    const std::int64_t rows = at.height / 2;
    const std::int64_t columns = at.width / 2;
    maximum = Lanes{};
    which = Numbers{};
    if (window.y < 0 || window.y >= rows || window.x < 0 || window.x >= columns) return;
    const std::int64_t from = ((window.image * rows + window.y) * columns + window.x) * channels + channel;
    maximum = load_lanes(values + from);
    which = load_numbers(argmax + from);
  }
};

/// Transforms all inputs that a tile depends on. A lambda is inlined; a function that is handed on would be called.
template <class Input>
void transform_inputs(const Input& input, const Extents& at, std::int64_t tile_number, const Planes& to) {
  const Place place = place_of(at, tile_number);
  input.template transform<span>([](const Column<span>& x) { return transform_input(x); }, at,
                                 {at.inputs, 0, at.inputs}, {place.image, place.y - 1, place.x - 1}, to);
}

}  // namespace biossl::cpu::BIOSSL_LEVEL::winograd
