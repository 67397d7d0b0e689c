// The CUDA backend of a build without CUDA: functions that need a GPU throw std::runtime_error.
#include <stdexcept>

#include "biossl/backend/backend.h"
#include "biossl/core/accelerator.h"
#include "biossl/core/wording.h"

#pragma GCC diagnostic ignored "-Wunused-parameter"

namespace biossl {
namespace {

[[noreturn]] void built_without_cuda() {
  throw std::runtime_error(fmt::format("this biossl was built without CUDA; use {}", wording::option("device", "cpu")));
}

}  // namespace

namespace accelerator {

int count() { return 0; }
void require() { built_without_cuda(); }
std::string name() { built_without_cuda(); }
std::string library_versions() { built_without_cuda(); }
void allow_tf32(bool /*allowed*/) {}
std::int64_t available_memory_bytes() { built_without_cuda(); }
std::int64_t peak_memory_bytes() { built_without_cuda(); }
bool record_step(const std::function<void()>& /*step*/) { built_without_cuda(); }
void synchronize() { built_without_cuda(); }
std::shared_ptr<std::byte[]> allocate_zeros(std::size_t /*bytes*/) { built_without_cuda(); }
void zero_bytes(std::byte* /*to*/, std::size_t /*bytes*/) { built_without_cuda(); }
void copy_bytes(const std::byte* /*from*/, std::byte* /*to*/, std::size_t /*bytes*/) { built_without_cuda(); }

}  // namespace accelerator

namespace cuda {

#define BIOSSL_OPERATION(name, ...) \
  void name(__VA_ARGS__) { built_without_cuda(); }
#include "biossl/backend/operations.inc"

}  // namespace cuda
}  // namespace biossl
