#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include "biossl/core/error.h"
#include "biossl/core/memory_limits.h"

namespace biossl {

/// Before memory is taken for what a file announces: throws std::runtime_error, naming the file, unless `bytes` are
/// left. A few are not checked, because reading the limits would take longer than allocating them.
inline void require_memory_for(const std::string& name, std::int64_t bytes) {
  constexpr std::int64_t few = std::int64_t{32} << 20;
  if (bytes < few) return;
  try {
    require_host_memory(bytes);
  } catch (const std::runtime_error& fault) {
    throw std::runtime_error(fmt::format("{}: {}", name, fault.what()));
  }
}

}  // namespace biossl
