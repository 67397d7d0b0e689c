#pragma once

#include <algorithm>
#include <cstdint>

#include "biossl/backend/shared/deform.h"
#include "biossl/core/level.h"

// The views "crops" and "patches", one number or pixel at a time. T is float, or double on the reference device.
namespace biossl::shared {
inline namespace BIOSSL_LEVEL {

/// The pixels that an output pixel lies between along one axis of a crop, counted from its first, and the weight of the
/// second.
template <class T>
struct Between {
  std::int32_t first, second;
  T second_weight;
};

/// Output pixel `index` of `outputs` on a crop of `inputs` pixels, (index + 1/2) inputs / outputs - 1/2. Points before
/// the first or behind the last pixel centre take that pixel. In whole numbers, so that as many outputs as inputs are
/// the inputs themselves.
template <class T>
Between<T> between(std::int64_t index, std::int64_t outputs, std::int64_t inputs) {
  const std::int64_t unit = 2 * outputs;
  const std::int64_t place = std::max<std::int64_t>((2 * index + 1) * inputs - outputs, 0);
  const auto first = static_cast<std::int32_t>(std::min(place / unit, inputs - 1));
  if (first == inputs - 1) return {first, first, T(0)};
  return {first, first + 1, static_cast<T>(place % unit) / static_cast<T>(unit)};
}

/// The weights of PIL and torchvision (ITU-R 601).
template <class T>
[[gnu::always_inline]] constexpr T grey_of(T red, T green, T blue) {
  return static_cast<T>(0.299) * red + static_cast<T>(0.587) * green + static_cast<T>(0.114) * blue;
}

template <class T>
[[gnu::always_inline]] constexpr T clamp_to_unit(T value) {
  const T below = value > T(0) ? value : T(0);
  return below < T(1) ? below : T(1);
}

/// share * value + (1 - share) * other, in [0, 1].
template <class T>
[[gnu::always_inline]] constexpr T mixed(T share, T value, T other) {
  return clamp_to_unit(other + share * (value - other));
}

}  // namespace BIOSSL_LEVEL
}  // namespace biossl::shared
