#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace biossl {

// The limits of the control groups (cgroups(7)) that this process belongs to: its own group's and those of all groups
// above it, of version 1 and 2. `root` stands before the kernel's files, /proc/self/cgroup and whatever
// /proc/self/mountinfo names. Nothing where there is no limit, or none that can be seen from here.

/// Processors whose whole time the tightest quota is worth: 1.5 for 150 ms of every 100 ms.
std::optional<double> group_processors(const std::filesystem::path& root = "/");

/// Bytes that the tightest group can still be given. Cached parts of files count as free, as they do in the machine's
/// MemAvailable: the kernel drops them before it refuses memory.
std::optional<std::int64_t> group_memory_left(const std::filesystem::path& root = "/");

}  // namespace biossl
