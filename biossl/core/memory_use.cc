#include "biossl/core/memory_use.h"

#include <malloc.h>
#include <sys/resource.h>

#include <fstream>

#include "biossl/core/accelerator.h"
#include "biossl/core/kernel_file.h"
#include "biossl/core/memory_limits.h"

namespace biossl {

std::int64_t peak_device_memory_bytes() { return accelerator::peak_memory_bytes(); }

std::int64_t peak_memory_bytes() {
  // Linux hands the peak that getrusage gives on to a program that a large process starts.
  if (const auto peak = kernel_number("/proc/self/status", "VmHWM:")) return *peak * 1024;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::int64_t>(usage.ru_maxrss) * 1024;
}

bool restart_peak_memory() {
  malloc_trim(0);
  std::ofstream file("/proc/self/clear_refs");
  file << "5" << std::flush;  // proc(5): resets the peak to the current resident set
  return static_cast<bool>(file);
}

std::optional<std::int64_t> available_memory_bytes(Device device) {
  if (device == Device::cuda) return accelerator::available_memory_bytes();
  const auto left = host_memory_left();
  return left ? std::optional(left->bytes) : std::nullopt;
}

}  // namespace biossl
