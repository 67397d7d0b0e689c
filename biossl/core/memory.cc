#include "biossl/core/memory.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <new>

#include "biossl/core/accelerator.h"
#include "biossl/core/memory_limits.h"

namespace biossl {
namespace {

constexpr std::size_t cache_line = 64;
constexpr std::size_t huge_page = std::size_t{1} << 21;

std::shared_ptr<std::byte[]> allocate_host_zeros(std::size_t bytes) {
  const std::size_t alignment = bytes >= 2 * huge_page ? huge_page : cache_line;
  const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment + (bytes == 0 ? alignment : 0);
  // Small blocks are not checked: reading the limits would take longer than allocating them.
  if (alignment == huge_page) require_host_memory(static_cast<std::int64_t>(rounded));
  auto* block = static_cast<std::byte*>(std::aligned_alloc(alignment, rounded));
  if (block == nullptr) throw std::bad_alloc();
  if (alignment == huge_page) madvise(block, rounded, MADV_HUGEPAGE);  // only a hint; results do not depend on it
  std::memset(block, 0, rounded);
  return {block, [](std::byte* p) { std::free(p); }};
}

}  // namespace

std::shared_ptr<std::byte[]> allocate_zeros(Device device, std::size_t bytes) {
  return device == Device::cuda ? accelerator::allocate_zeros(bytes) : allocate_host_zeros(bytes);
}

void zero_bytes(Device device, std::byte* to, std::size_t bytes) {
  if (device == Device::cuda) {
    accelerator::zero_bytes(to, bytes);
  } else if (bytes > 0) {
    std::memset(to, 0, bytes);
  }
}

void copy_bytes(Device from_device, const std::byte* from, Device to_device, std::byte* to, std::size_t bytes) {
  if (from_device == Device::cuda || to_device == Device::cuda) {
    accelerator::copy_bytes(from, to, bytes);
  } else if (bytes > 0) {
    std::memmove(to, from, bytes);
  }
}

void synchronize(Device device) {
  if (device == Device::cuda) accelerator::synchronize();
}

}  // namespace biossl
