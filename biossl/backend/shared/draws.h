#pragma once

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>

#include "biossl/core/level.h"
#include "biossl/core/random.h"

namespace biossl::shared {
inline namespace BIOSSL_LEVEL {

/// The number of 0 .. count-1 other than i, drawn by word i of the stream.
constexpr std::int32_t other_than(std::int64_t i, std::int64_t count, const Random& stream) {
  if (count == 1) return 0;
  const std::int64_t drawn = stream.ahead(i).below(static_cast<std::uint32_t>(count - 1));
  return static_cast<std::int32_t>(drawn >= i ? drawn + 1 : drawn);
}

/// The place in 0 .. i that place i is swapped with in a permutation of `count` numbers, drawn with word count-1-i of
/// the stream.
constexpr std::uint32_t partner_in_order(std::uint32_t i, std::uint32_t count, const Random& stream) {
  return stream.ahead(count - 1 - i).below(i + 1);
}

/// ops::random_permutation, one swap after another.
inline void random_permutation(Random stream, std::span<std::int32_t> order) {
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t left = order.size(); left > 1; --left) {
    std::swap(order[left - 1], order[stream.below(static_cast<std::uint32_t>(left))]);
  }
}

}  // namespace BIOSSL_LEVEL
}  // namespace biossl::shared
