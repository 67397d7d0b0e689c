#include "biossl/core/control_groups.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "biossl/core/kernel_file.h"

namespace biossl {
namespace {

namespace fs = std::filesystem;

/// Whether a list "cpu,cpuacct" contains the word.
bool lists(const std::string& list, const std::string& word) {
  return ("," + list + ",").find("," + word + ",") != std::string::npos;
}

/// A hierarchy of control groups as /proc/self/mountinfo shows it.
struct Mount {
  fs::path top;    ///< the group mounted there
  fs::path place;  ///< where it is mounted
  bool version2;
  std::string options;  ///< of version 1, including its controllers: "rw,memory"
};

/// A group's folder.
struct Group {
  fs::path folder;
  bool version2;
};

std::vector<Mount> mounts(const fs::path& root) {
  std::vector<Mount> found;
  std::ifstream file(root / "proc/self/mountinfo");
  for (std::string line; std::getline(file, line);) {
    // 36 35 0:33 TOP PLACE rw,nosuid ... - TYPE SOURCE OPTIONS; the number of words before the dash varies.
    const std::size_t dash = line.find(" - cgroup");
    if (dash == std::string::npos) continue;
    std::istringstream before(line);
    std::istringstream behind(line.substr(dash + 3));
    std::string skipped, top, place, type, options;
    before >> skipped >> skipped >> skipped >> top >> place;
    behind >> type >> skipped >> options;
    found.push_back({top, place, type == "cgroup2", options});
  }
  return found;
}

/// The name of this process's group in a mounted hierarchy; std::nullopt if the hierarchy lacks the controller.
std::optional<fs::path> own_group(const fs::path& root, const Mount& mount, const std::string& controller) {
  if (!mount.version2 && !lists(mount.options, controller)) return std::nullopt;
  std::ifstream file(root / "proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    // "0::/user.slice/job" of version 2, "4:cpu,cpuacct:/job" of version 1
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (mount.version2 ? controllers.empty() : lists(controllers, controller)) return line.substr(second + 1);
  }
  return std::nullopt;
}

/// This process's group and all visible groups above it, in every hierarchy that has the controller.
std::vector<Group> groups(const fs::path& root, const std::string& controller) {
  std::vector<Group> found;
  for (const Mount& mount : mounts(root)) {
    const auto own = own_group(root, mount, controller);
    if (!own) continue;
    found.push_back({root / mount.place.relative_path(), mount.version2});
    const fs::path below = own->lexically_relative(mount.top);
    // In a container the own group may lie outside the mount; then only the topmost group is visible.
    if (below.empty() || below == "." || *below.begin() == "..") continue;
    for (const fs::path& name : below) found.push_back({found.back().folder / name, mount.version2});
  }
  return found;
}

template <class T>
void lower(std::optional<T>& least, const std::optional<T>& other) {
  if (other) least = std::min(least.value_or(*other), *other);
}

std::optional<double> quota(const Group& group) {
  std::optional<std::int64_t> time, period;
  if (group.version2) {
    std::ifstream file(group.folder / "cpu.max");  // "150000 100000" or "max 100000"
    std::int64_t allowed = 0, of = 0;
    if (file >> allowed >> of) time = allowed, period = of;
  } else {
    time = kernel_number(group.folder / "cpu.cfs_quota_us");  // -1: none
    period = kernel_number(group.folder / "cpu.cfs_period_us");
  }
  if (!time || !period || *time <= 0 || *period <= 0) return std::nullopt;
  return static_cast<double>(*time) / static_cast<double>(*period);
}

std::optional<std::int64_t> memory_left(const Group& group) {
  std::optional<std::int64_t> limit;
  for (const char* file : {"memory.max", "memory.high"}) {
    if (group.version2) lower(limit, kernel_number(group.folder / file));
  }
  if (!group.version2) limit = kernel_number(group.folder / "memory.limit_in_bytes");
  const auto used = kernel_number(group.folder / (group.version2 ? "memory.current" : "memory.usage_in_bytes"));
  if (!limit || !used) return std::nullopt;
  const std::string prefix = group.version2 ? "" : "total_";
  std::int64_t cached = 0;
  for (const char* list : {"inactive_file", "active_file"}) {
    cached += kernel_number(group.folder / "memory.stat", prefix + list).value_or(0);
  }
  return std::max<std::int64_t>(*limit - std::max<std::int64_t>(*used - cached, 0), 0);
}

}  // namespace

std::optional<double> group_processors(const fs::path& root) {
  std::optional<double> least;
  for (const Group& group : groups(root, "cpu")) lower(least, quota(group));
  return least;
}

std::optional<std::int64_t> group_memory_left(const fs::path& root) {
  std::optional<std::int64_t> least;
  for (const Group& group : groups(root, "memory")) lower(least, memory_left(group));
  return least;
}

}  // namespace biossl
