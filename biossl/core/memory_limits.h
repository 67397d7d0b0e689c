#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace biossl {

/// The memory that is left to this process.
struct MemoryLeft {
  std::int64_t bytes;
  std::string limit;  ///< the limit that decides, for messages: "by ulimit -v"
};

/// The smallest of: the machine's available memory, what the control groups leave, and what the limits of the process
/// leave (RLIMIT_AS, RLIMIT_DATA). Swap does not count. `root` is put in front of the kernel's files. std::nullopt if
/// the system tells none of them.
std::optional<MemoryLeft> host_memory_left(const std::filesystem::path& root = "/");

/// Throws std::runtime_error, naming the limit, unless `bytes` more are left, swap included, plus a reserve for small
/// allocations. Call it before the memory is touched: a system that overcommits kills the process instead of refusing.
void require_host_memory(std::int64_t bytes);

/// The same for the small allocations of libraries, which they do not check: throws unless the limits of the process
/// leave enough.
void require_memory_for_libraries();

}  // namespace biossl
