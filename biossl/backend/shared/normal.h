#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "biossl/core/level.h"

// Two standard normal numbers from two random words (Box & Muller 1958): radius sqrt(-2 ln u), u in (0, 1] from the
// upper 24 bits of one word; angle 2 pi v, v in [0, 1) from those of the other.
namespace biossl::shared {
inline namespace BIOSSL_LEVEL {

template <class T>
struct NormalPair {
  T first, second;
};

/// By the standard library, in double.
inline NormalPair<double> exact_normal_pair(std::uint32_t radius_word, std::uint32_t angle_word) {
  const double u = 1.0 - static_cast<double>(radius_word >> 8) * 0x1p-24;
  const double angle = 2.0 * std::numbers::pi * (static_cast<double>(angle_word >> 8) * 0x1p-24);
  const double radius = std::sqrt(-2.0 * std::log(u));
  return {radius * std::cos(angle), radius * std::sin(angle)};
}

/// ln u for normal u > 0, error below 2 ulp: u = m 2^e with m in [sqrt(1/2), sqrt(2)), and a polynomial in m - 1
/// (coefficients of Cephes' logf).
[[gnu::always_inline]] constexpr float fast_log(float u) {
  const auto bits = std::bit_cast<std::int32_t>(u);
  const std::int32_t exponent = (bits - 0x3F3504F3) >> 23;
  const float x = std::bit_cast<float>(bits - (exponent << 23)) - 1.0F;
  const auto e = static_cast<float>(exponent);
  float p = 7.0376836292e-2F;
  p = p * x - 1.1514610310e-1F;
  p = p * x + 1.1676998740e-1F;
  p = p * x - 1.2420140846e-1F;
  p = p * x + 1.4249322787e-1F;
  p = p * x - 1.6668057665e-1F;
  p = p * x + 2.0000714765e-1F;
  p = p * x - 2.4999993993e-1F;
  p = p * x + 3.3333331174e-1F;
  const float square = x * x;
  return (p * x * square - 2.12194440e-4F * e - 0.5F * square + x) + 0.693359375F * e;
}

/// The same pair in float32, error below 2e-6 of its length, without branches or calls, so that loops vectorise. The
/// angle is reduced exactly, in integers, to a quarter turn around the nearest axis (coefficients of Cephes' sinf and
/// cosf).
[[gnu::always_inline]] constexpr NormalPair<float> normal_pair(std::uint32_t radius_word, std::uint32_t angle_word) {
  const float u = static_cast<float>(static_cast<std::int32_t>(0x1000000U - (radius_word >> 8))) * 0x1p-24F;
  const float radius = std::sqrt(-2.0F * fast_log(u));
  const std::uint32_t turn = angle_word & 0xFFFFFF00U;  // 2^32 is one turn
  const std::uint32_t axis = (turn + 0x20000000U) >> 30;
  const float x = static_cast<float>(static_cast<std::int32_t>(turn - (axis << 30))) *
                  (2.0F * std::numbers::pi_v<float> * 0x1p-32F);
  const float z = x * x;
  const float sine = ((-1.9515295891e-4F * z + 8.3321608736e-3F) * z - 1.6666654611e-1F) * z * x + x;
  const float cosine =
      ((2.443315711809948e-5F * z - 1.388731625493765e-3F) * z + 4.166664568298827e-2F) * z * z - 0.5F * z + 1.0F;
  const bool across = (axis & 1U) != 0;
  const float along_first = across ? sine : cosine;
  const float along_second = across ? cosine : sine;
  const float sign_first = ((axis + 1U) & 2U) != 0 ? -radius : radius;
  const float sign_second = (axis & 2U) != 0 ? -radius : radius;
  return {sign_first * along_first, sign_second * along_second};
}

}  // namespace BIOSSL_LEVEL
}  // namespace biossl::shared
