#pragma once

#include <array>
#include <cstdint>

#include "biossl/backend/cpu/lanes.h"
#include "biossl/backend/cpu/winograd_tiles.h"
#include "biossl/ops/types.h"

// Where a convolution's tiles of 4x4 sums go, a register of channels at a time.
namespace biossl::cpu::BIOSSL_LEVEL::winograd {

using Sums = Lanes[tile][tile];

/// activation(sum) of any activation but tanh; NaN stays NaN.
inline Lanes activated(const Lanes& sum, Activation activation) {
  const Lanes zero{};
  if (activation == Activation::relu) return sum < zero ? zero : sum;
  if (activation == Activation::hardtanh) {
    const Lanes one = same_lanes(1.0F);
    const Lanes below = sum > one ? one : sum;
    return below < -one ? -one : below;
  }
  return sum;
}

/// A map (N, H, W, C) of all sums.
struct MapOutput {
  float* values;
  Activation activation;

  [[gnu::always_inline]] void store(const Extents& at, const Place& place, std::int64_t channel,
                                    const Sums& sums) const {
    const std::int64_t rows = at.height - place.y;
    const std::int64_t across = at.width - place.x;
    float* pixel = values + ((place.image * at.height + place.y) * at.width + place.x) * at.outputs + channel;
#pragma GCC unroll 4
    for (int y = 0; y < tile; ++y) {
#pragma GCC unroll 4
      for (int x = 0; x < tile; ++x) {
        if (y >= rows || x >= across) continue;
        store_lanes(activated(sums[y][x], activation), pixel + (y * at.width + x) * at.outputs);
      }
    }
  }
};

/// Maps (N, H / 2, W / 2, C) of the maxima of 2x2 windows and of which of the four they are. No window lies in two
/// tiles.
struct MaximaOutput {
  float* values;
  std::uint8_t* argmax;
  Activation activation;

  [[gnu::always_inline]] void store(const Extents& at, const Place& place, std::int64_t channel,
                                    const Sums& sums) const {
    const std::int64_t rows = at.height / 2 - place.y / 2;
    const std::int64_t across = at.width / 2 - place.x / 2;
    const std::int64_t pixel = (place.image * (at.height / 2) + place.y / 2) * (at.width / 2) + place.x / 2;
#pragma GCC unroll 2
    for (int y = 0; y < tile / 2; ++y) {
#pragma GCC unroll 2
      for (int x = 0; x < tile / 2; ++x) {
        if (y >= rows || x >= across) continue;
        store_maximum({&sums[2 * y][2 * x], &sums[2 * y + 1][2 * x]},
                      (pixel + y * (at.width / 2) + x) * at.outputs + channel);
      }
    }
  }

 private:
  /// As ops::max_pool_forward has it: of equal ones the first, and NaN only where it is the first.
  [[gnu::always_inline]] void store_maximum(const std::array<const Lanes*, 2>& window, std::int64_t to) const {
    Lanes best = window[0][0];
    Numbers which{};
#pragma GCC unroll 3
    for (int k = 1; k < 4; ++k) {
      const Lanes& value = window[k / 2][k % 2];
      const auto larger = value > best;
      which = larger ? Numbers{} + k : which;
      best = larger ? value : best;
    }
    store_lanes(activated(best, activation), values + to);
    store_numbers(which, argmax + to);
  }
};

}  // namespace biossl::cpu::BIOSSL_LEVEL::winograd
