#include "biossl/backend/cuda/runtime.h"

#include <fmt/format.h>

#include <memory>
#include <stdexcept>

#include "biossl/core/accelerator.h"

namespace biossl::cuda {
namespace {

struct Device {
  cudaStream_t stream = nullptr;
  cudaDeviceProp properties{};

  Device() {
    accelerator::require();
    check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
    check(cudaGetDeviceProperties(&properties, 0), "cudaGetDeviceProperties");
  }
};

/// Made on first use and never destroyed: at the end of the process the driver may be gone before static objects.
const Device& device() {
  static const Device* const the_device = new Device;  // NOLINT(cppcoreguidelines-owning-memory)
  return *the_device;
}

}  // namespace

void check(cudaError_t status, std::string_view call) {
  if (status == cudaSuccess) return;
  throw std::runtime_error(fmt::format("[{}] {} ({})", call, cudaGetErrorString(status), cudaGetErrorName(status)));
}

cudaStream_t stream() { return device().stream; }

const cudaDeviceProp& properties() { return device().properties; }

std::byte* scratch(std::size_t bytes) {
  static std::shared_ptr<std::byte[]> memory;
  static std::size_t size = 0;
  if (bytes > size) {
    accelerator::synchronize();
    memory.reset();
    size = 0;  // also if the allocation below fails
    memory = accelerator::allocate_zeros(bytes);
    size = bytes;
  }
  return memory.get();
}

}  // namespace biossl::cuda
