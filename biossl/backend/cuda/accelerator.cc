#include "biossl/core/accelerator.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <stdexcept>

#include "biossl/backend/cuda/library_convolution.h"
#include "biossl/backend/cuda/matrix_product.h"
#include "biossl/backend/cuda/recorder.h"
#include "biossl/backend/cuda/runtime.h"
#include "biossl/core/wording.h"

namespace biossl {
namespace {

std::atomic<bool> rounds_to_tf32 = false;

}  // namespace

bool cuda::tf32_allowed() { return rounds_to_tf32; }

namespace accelerator {

using namespace cuda;  // NOLINT(google-build-using-namespace): what follows is that backend's

namespace {

std::atomic<std::int64_t> held = 0, most_held = 0;

bool is_device_memory(const std::byte* address) {
  cudaPointerAttributes attributes{};
  check(cudaPointerGetAttributes(&attributes, address), "cudaPointerGetAttributes");
  return attributes.type == cudaMemoryTypeDevice;
}

/// Why the first GPU cannot run the kernels; empty if it can, or if there is no GPU.
std::string too_old() {
  constexpr int oldest = 8;  // lowest compute capability that the kernels are compiled for
  int major = 0;
  if (cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, 0) != cudaSuccess || major >= oldest) return "";
  return fmt::format("this one has compute capability {}, {} is needed", major, oldest);
}

std::string version_text(int version) { return fmt::format("{}.{}", version / 1000, version % 1000 / 10); }

/// Does not throw: the next call reports what went wrong.
void release(std::byte* memory, std::int64_t size) {
  try {
    recorder().interrupt();  // gathered calls may read it
  } catch (const std::exception&) {
    cudaGetLastError();
  }
  cudaFree(memory);  // waits for the device; may fail at the end of the process
  held -= size;
}

}  // namespace

void allow_tf32(bool allowed) { rounds_to_tf32 = allowed; }

int count() {
  int devices = 0;
  return cudaGetDeviceCount(&devices) == cudaSuccess && too_old().empty() ? devices : 0;
}

void require() {
  int devices = 0;
  const cudaError_t status = cudaGetDeviceCount(&devices);
  std::string why = status != cudaSuccess ? cudaGetErrorString(status) : devices == 0 ? "this machine has none" : "";
  if (why.empty()) why = too_old();
  if (!why.empty())
    throw std::runtime_error(fmt::format("no GPU can be used: {}; use {}", why, wording::option("device", "cpu")));
}

std::string name() {
  const cudaDeviceProp& its = properties();
  return fmt::format("{}, compute capability {}.{}, {:.0f} GB", its.name, its.major, its.minor,
                     static_cast<double>(its.totalGlobalMem) / 1e9);
}

std::string library_versions() {
  int driver = 0;
  int runtime = 0;
  check(cudaDriverGetVersion(&driver), "cudaDriverGetVersion");
  check(cudaRuntimeGetVersion(&runtime), "cudaRuntimeGetVersion");
  return fmt::format("driver {}, CUDA {}, {}, {}", version_text(driver), version_text(runtime), matrix_library(),
                     convolution_library());
}

std::shared_ptr<std::byte[]> allocate_zeros(std::size_t bytes) {
  const cudaStream_t order = stream();
  recorder().interrupt();
  void* memory = nullptr;
  const cudaError_t status = cudaMalloc(&memory, std::max<std::size_t>(bytes, 1));
  if (status == cudaErrorMemoryAllocation) {
    cudaGetLastError();  // clears the error: the device still works
    throw std::runtime_error(fmt::format("no room on the GPU for a block of {:.1f} MB, {:.1f} MB are free{}",
                                         static_cast<double>(bytes) / 1e6,
                                         static_cast<double>(available_memory_bytes()) / 1e6, less_memory));
  }
  check(status, "cudaMalloc");
  check(cudaMemsetAsync(memory, 0, bytes, order), "cudaMemsetAsync");
  const auto size = static_cast<std::int64_t>(bytes);
  most_held = std::max(most_held.load(), held += size);
  return {static_cast<std::byte*>(memory), [size](std::byte* p) { release(p, size); }};
}

void zero_bytes(std::byte* to, std::size_t bytes) {
  if (bytes == 0) return;
  recorder().give({key_of(to), bytes}, [=] { check(cudaMemsetAsync(to, 0, bytes, stream()), "cudaMemsetAsync"); });
}

void copy_bytes(const std::byte* from, std::byte* to, std::size_t bytes) {
  if (bytes == 0) return;
  const auto copied = [=] { check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, stream()), "cudaMemcpyAsync"); };
  const bool to_device = is_device_memory(to);
  if (to_device && is_device_memory(from)) return recorder().give({key_of(from), key_of(to), bytes}, copied);
  recorder().interrupt();
  copied();
  synchronize();  // the caller may free or read host memory at once
}

std::int64_t available_memory_bytes() {
  stream();  // throws if there is no device
  std::size_t available = 0;
  std::size_t total = 0;
  check(cudaMemGetInfo(&available, &total), "cudaMemGetInfo");
  return static_cast<std::int64_t>(available);
}

std::int64_t peak_memory_bytes() { return most_held; }

bool record_step(const std::function<void()>& step) {
  recorder().begin();
  try {
    step();
    return recorder().finish();
  } catch (...) {
    recorder().abandon();
    throw;
  }
}

void synchronize() {
  recorder().interrupt();
  check(cudaStreamSynchronize(stream()), "cudaStreamSynchronize");
}

}  // namespace accelerator
}  // namespace biossl
