#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace biossl {

/// What a limit of memory leaves this process.
struct MemoryLeft {
  std::int64_t bytes;
  std::string limit;  ///< which one, for the reader: "by ulimit -v"
};

/// The least that is left of the machine's available memory, within the limits of the process's control groups and of
/// the process itself (RLIMIT_AS, RLIMIT_DATA). Swap does not count. `root` stands before the kernel's files. Nothing
/// where the system tells none of them.
std::optional<MemoryLeft> host_memory_left(const std::filesystem::path& root = "/");

/// Throws std::runtime_error, saying what leaves too little, unless `bytes` more are left, on swap too, and some for
/// small pieces. To be asked before they are touched, because a system that has promised too much ends the process
/// instead of refusing.
void require_host_memory(std::int64_t bytes);

/// The same for what libraries take in small pieces, and do not look whether they got it: throws unless the limits of
/// the process leave them enough.
void require_memory_for_libraries();

}  // namespace biossl
