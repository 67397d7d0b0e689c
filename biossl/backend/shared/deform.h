#pragma once

#include <array>
#include <cmath>
#include <cstdint>

#include "biossl/core/level.h"
#include "biossl/core/random.h"
#include "biossl/ops/types.h"

// The views "deform": the parameters of one image, one pixel at a time. T is float, or double on the reference device.
namespace biossl::shared {
inline namespace BIOSSL_LEVEL {

/// Draws one deformation: theta (6, row by row), saturation factor, hue shift in turns, mirror (0 or 1). Never change
/// the order of the draws: whether the map is affine, its six coefficients (always drawn, so that later draws do not
/// depend on the first), saturation, hue, mirror.
constexpr std::array<float, 9> draw_deformation(Random& random, const DeformRange& range) {
  const bool affine = random.uniform() >= 1.0F - range.affine;
  std::array<float, 9> drawn{};
  for (std::size_t i = 0; i < 6; ++i) {
    const bool shift = i == 2 || i == 5;
    const float reach = shift ? range.perturb : range.perturb / 2;
    const float identity = i == 0 || i == 4 ? 1.0F : 0.0F;
    const float u = random.uniform(-reach, reach);
    drawn[i] = affine ? identity + u : identity;
  }
  drawn[6] = std::exp2(random.uniform(-range.saturation / 2, range.saturation / 2));
  drawn[7] = random.uniform(-range.hue / 2, range.hue / 2);
  drawn[8] = random.coin() ? 1.0F : 0.0F;
  return drawn;
}

/// Where to sample for output pixel (column, row), in pixel coordinates of the input.
template <class T>
struct PixelMap {
  T x_column, x_row, x_offset;
  T y_column, y_row, y_offset;

  constexpr T x(T column, T row) const { return x_column * column + (x_row * row + x_offset); }
  constexpr T y(T column, T row) const { return y_column * column + (y_row * row + y_offset); }
};

/// Converts theta, whose coordinates run over [-1, 1] from the first to the last pixel centre, to pixels. The identity
/// stays exact.
template <class T>
constexpr PixelMap<T> pixel_map(const float* theta, std::int64_t height, std::int64_t width) {
  const T centre_x = static_cast<T>(width - 1) / 2;
  const T centre_y = static_cast<T>(height - 1) / 2;
  const T aspect = height > 1 ? centre_x / centre_y : T(0);  // a single row or column is at coordinate 0
  const T inverse_aspect = width > 1 ? centre_y / centre_x : T(0);
  const auto t = [theta](int i) { return static_cast<T>(theta[i]); };
  return {t(0),
          t(1) * aspect,
          centre_x * ((T(1) - t(0)) + t(2)) - (height > 1 ? centre_x * t(1) : T(0)),
          t(3) * inverse_aspect,
          t(4),
          centre_y * ((T(1) - t(4)) + t(5)) - (width > 1 ? centre_y * t(3) : T(0))};
}

/// The two neighbours of a sampling point along one axis and their weights. A neighbour outside [0, extent) is moved
/// inside and gets weight zero, so every index is valid, even for a NaN position.
template <class T>
struct Neighbours {
  std::int32_t first, second;
  T first_weight, second_weight;
};

template <class T>
constexpr Neighbours<T> neighbours(T position, std::int32_t extent) {
  const T below = T(-1);
  const T beyond = static_cast<T>(extent);
  const T low = position > below ? position : below;  // outside, all weights are zero anyway
  const T inside = low > beyond ? beyond : low;
  const T floor = std::floor(inside);
  const T fraction = inside - floor;
  const auto first = static_cast<std::int32_t>(floor);
  const std::int32_t second = first + 1;
  const std::int32_t last = extent - 1;
  const bool first_inside = (first >= 0) & (first <= last);
  const bool second_inside = second <= last;  // never below 0, since first >= -1
  return {first < 0 ? 0 : (first > last ? last : first), second > last ? last : second,
          first_inside ? T(1) - fraction : T(0), second_inside ? fraction : T(0)};
}

/// A pixel's value in [0, 1]: bytes are scaled, floats are unchanged.
template <class T>
constexpr T unit_value(std::uint8_t pixel) {
  return static_cast<T>(pixel) * (T(1) / T(255));
}
template <class T>
constexpr T unit_value(float pixel) {
  return static_cast<T>(pixel);
}

template <class T>
struct Colour {
  T red, green, blue;
};

/// An image's colour at a sampling point: bilinear, zero outside. Pixels are (height, width, 3).
template <class T, class Pixel>
constexpr Colour<T> sample(const Pixel* image, std::int32_t height, std::int32_t width, T x, T y) {
  const Neighbours<T> across = neighbours(x, width);
  const Neighbours<T> down = neighbours(y, height);
  const auto channel = [&](std::int32_t c) {
    const auto at = [&](std::int32_t row, std::int32_t column) {
      return unit_value<T>(image[(row * width + column) * 3 + c]);
    };
    const T upper =
        at(down.first, across.first) * across.first_weight + at(down.first, across.second) * across.second_weight;
    const T lower =
        at(down.second, across.first) * across.first_weight + at(down.second, across.second) * across.second_weight;
    return upper * down.first_weight + lower * down.second_weight;
  };
  return {channel(0), channel(1), channel(2)};
}

/// Channel of the colour with the given hue (in sixths of a turn, [0, 6]), value and chroma; phase 5 is red, 3 green,
/// 1 blue.
template <class T>
[[gnu::always_inline]] constexpr T channel(T phase, T sixths, T value, T chroma) {
  const T sum = phase + sixths;
  const T k = sum >= T(6) ? sum - T(6) : sum;
  const T ramp = k < T(4) - k ? k : T(4) - k;
  const T above = ramp < T(0) ? T(0) : ramp;
  return value - chroma * (above > T(1) ? T(1) : above);
}

/// RGB -> HSV, saturation times a factor and clamped to [0, 1], hue shifted modulo one turn, back to RGB. Works on
/// chroma = value * saturation, so the clamp is chroma <= value.
template <class T>
[[gnu::always_inline]] constexpr Colour<T> adjust_colour(const Colour<T>& c, T saturation_factor, T hue_shift) {
  const T greater = c.red > c.green ? c.red : c.green;
  const T value = greater > c.blue ? greater : c.blue;
  const T lesser = c.red < c.green ? c.red : c.green;
  const T chroma = value - (lesser < c.blue ? lesser : c.blue);
  const bool is_red = c.red == value;
  const bool is_green = c.green == value;
  const T difference = is_red ? c.green - c.blue : (is_green ? c.blue - c.red : c.red - c.green);
  const T sector = is_red ? T(0) : (is_green ? T(2) : T(4));
  const T turns = (sector + difference / (chroma > T(0) ? chroma : T(1))) * (T(1) / T(6)) + hue_shift;
  const T sixths = (turns - std::floor(turns)) * T(6);
  const T scaled = chroma * saturation_factor;
  const T adjusted = scaled > value ? value : scaled;
  return {channel(T(5), sixths, value, adjusted), channel(T(3), sixths, value, adjusted),
          channel(T(1), sixths, value, adjusted)};
}

}  // namespace BIOSSL_LEVEL
}  // namespace biossl::shared
