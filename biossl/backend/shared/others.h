#pragma once

#include <cstdint>

#include "biossl/core/random.h"

namespace biossl::shared {

/// The number of 0 .. count-1 other than i that word i of the stream draws.
constexpr std::int32_t other_than(std::int64_t i, std::int64_t count, const Random& stream) {
  if (count == 1) return 0;
  const std::int64_t drawn = stream.ahead(i).below(static_cast<std::uint32_t>(count - 1));
  return static_cast<std::int32_t>(drawn >= i ? drawn + 1 : drawn);
}

}  // namespace biossl::shared
