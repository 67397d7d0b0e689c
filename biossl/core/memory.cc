#include "biossl/core/memory.h"

#include <malloc.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>

#include "biossl/backend/cuda_device.h"
#include "biossl/core/error.h"

namespace biossl {
namespace {

constexpr std::size_t cache_line = 64;
constexpr std::size_t huge_page = std::size_t{1} << 21;

std::shared_ptr<std::byte[]> allocate_host_zeros(std::size_t bytes) {
  const std::size_t alignment = bytes >= 2 * huge_page ? huge_page : cache_line;
  const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment + (bytes == 0 ? alignment : 0);
  auto* block = static_cast<std::byte*>(std::aligned_alloc(alignment, rounded));
  if (block == nullptr) {
    throw std::runtime_error(
        fmt::format("no memory for a block of {:.1f} MB; a smaller batch or fewer images need less", bytes / 1e6));
  }
  if (alignment == huge_page)
    madvise(block, rounded, MADV_HUGEPAGE);  // advice only: without it all is right, and slower
  std::memset(block, 0, rounded);
  return {block, [](std::byte* p) { std::free(p); }};
}

/// The number behind `key` in one of the kernel's files, or the first number where no key is wanted; nothing where
/// there is none ("max").
std::optional<std::int64_t> kernel_number(const char* file, const std::string& key = "") {
  std::ifstream stream(file);
  for (std::string word; !key.empty() && stream >> word && word != key;) continue;
  std::int64_t number = 0;
  return stream >> number ? std::optional(number) : std::nullopt;
}

/// What a control group's limit leaves; nothing where there is no limit.
std::optional<std::int64_t> left_of(const char* limit_file, const char* usage_file) {
  const auto limit = kernel_number(limit_file);
  const auto usage = kernel_number(usage_file);
  return limit && usage ? std::optional(std::max<std::int64_t>(*limit - *usage, 0)) : std::nullopt;
}

}  // namespace

std::shared_ptr<std::byte[]> allocate_zeros(Device device, std::size_t bytes) {
  return device == Device::cuda ? cuda::allocate_zeros(bytes) : allocate_host_zeros(bytes);
}

void zero_bytes(Device device, std::byte* to, std::size_t bytes) {
  if (device == Device::cuda) {
    cuda::zero_bytes(to, bytes);
  } else if (bytes > 0) {
    std::memset(to, 0, bytes);
  }
}

void copy_bytes(Device from_device, const std::byte* from, Device to_device, std::byte* to, std::size_t bytes) {
  if (from_device == Device::cuda || to_device == Device::cuda) {
    cuda::copy_bytes(from, to, bytes);
  } else if (bytes > 0) {
    std::memmove(to, from, bytes);
  }
}

void synchronize(Device device) {
  if (device == Device::cuda) cuda::synchronize();
}

std::int64_t peak_device_memory_bytes() { return cuda::peak_memory_bytes(); }

std::int64_t peak_memory_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::int64_t>(usage.ru_maxrss) * 1024;
}

bool restart_peak_memory() {
  malloc_trim(0);
  std::ofstream file("/proc/self/clear_refs");
  file << "5" << std::flush;  // proc(5): resets the peak of the resident set to what it is now
  return static_cast<bool>(file);
}

std::int64_t available_memory_bytes(Device device) {
  if (device == Device::cuda) return cuda::available_memory_bytes();
  std::int64_t available = kernel_number("/proc/meminfo", "MemAvailable:").value_or(0) * 1024;
  const auto v2 = left_of("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current");
  const auto v1 = left_of("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes");
  for (const auto& left : {v2, v1}) available = std::min(available, left.value_or(available));
  return available;
}

}  // namespace biossl
