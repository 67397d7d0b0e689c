#include "biossl/core/memory_limits.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>

#include "biossl/core/control_groups.h"
#include "biossl/core/error.h"
#include "biossl/core/kernel_file.h"

namespace biossl {
namespace {

/// Reserve for the kernels that oneDNN generates and for small allocations.
constexpr std::int64_t small_pieces = std::int64_t{16} << 20;

void lower(std::optional<MemoryLeft>& least, std::optional<std::int64_t> bytes, const char* limit) {
  if (bytes && (!least || *bytes < least->bytes)) least = MemoryLeft{.bytes = *bytes, .limit = limit};
}

/// What a limit of this process leaves. Word `index` of /proc/self/statm counts the pages in use.
std::optional<std::int64_t> resource_left(decltype(RLIMIT_AS) resource, int index, const std::filesystem::path& root) {
  rlimit limit{};
  if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return std::nullopt;
  std::ifstream file(root / "proc/self/statm");
  std::int64_t pages = 0;
  for (int word = 0; word <= index; ++word) file >> pages;
  if (!file) return std::nullopt;
  return std::max<std::int64_t>(static_cast<std::int64_t>(limit.rlim_cur) - pages * sysconf(_SC_PAGESIZE), 0);
}

std::optional<MemoryLeft> process_memory_left(const std::filesystem::path& root) {
  std::optional<MemoryLeft> least;
  lower(least, resource_left(RLIMIT_AS, 0, root), "by ulimit -v");
  lower(least, resource_left(RLIMIT_DATA, 5, root), "by ulimit -d");
  return least;
}

std::optional<MemoryLeft> memory_left(const std::filesystem::path& root, bool with_swap) {
  std::optional<MemoryLeft> least = process_memory_left(root);
  lower(least, group_memory_left(root), "by the limit of a control group");
  auto machine = kernel_number(root / "proc/meminfo", "MemAvailable:");
  if (machine && with_swap) *machine += kernel_number(root / "proc/meminfo", "SwapFree:").value_or(0);
  if (machine) lower(least, *machine * 1024, "on this machine");
  return least;
}

std::string size_text(std::int64_t bytes) {
  const auto size = static_cast<double>(bytes);
  return bytes < 1'000'000'000 ? fmt::format("{:.1f} MB", size / 1e6) : fmt::format("{:.1f} GB", size / 1e9);
}

void require(const std::optional<MemoryLeft>& left, std::int64_t bytes) {
  if (!left || bytes <= left->bytes) return;
  throw std::runtime_error(
      fmt::format("not enough memory: {} more are needed, and {} are left {}; a smaller batch, fewer channels or fewer "
                  "images need less",
                  size_text(bytes), size_text(left->bytes), left->limit));
}

}  // namespace

std::optional<MemoryLeft> host_memory_left(const std::filesystem::path& root) { return memory_left(root, false); }

void require_host_memory(std::int64_t bytes) { require(memory_left("/", true), bytes + small_pieces); }

void require_memory_for_libraries() { require(process_memory_left("/"), small_pieces); }

}  // namespace biossl
