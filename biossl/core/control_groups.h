#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace biossl {

// Limits of the control groups (cgroups(7)) of this process: its own group and all groups above it, versions 1 and 2.
// `root` is put in front of the kernel's files: /proc/self/cgroup and what /proc/self/mountinfo names. std::nullopt if
// there is no limit or none is visible.

/// The tightest quota in processors: 1.5 for 150 ms of computing in every 100 ms.
std::optional<double> group_processors(const std::filesystem::path& root = "/");

/// Bytes that the tightest group can still allocate. Cached parts of files count as free, as in MemAvailable: the
/// kernel drops them before it refuses memory.
std::optional<std::int64_t> group_memory_left(const std::filesystem::path& root = "/");

}  // namespace biossl
