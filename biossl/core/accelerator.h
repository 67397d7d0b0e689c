#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

/// The GPU, beside the operations (ops/ops.h). A backend defines these functions: backend/cuda, or backend/no_cuda in a
/// build without CUDA. There count() is 0 and every function that needs a GPU throws std::runtime_error. Work is queued
/// in one order and runs later; only copies to host memory and synchronize() wait for it.
namespace biossl::accelerator {

/// Number of GPUs that this process can use; 0 without a driver, without a GPU or without CUDA.
int count();
/// Throws std::runtime_error with the reason if no GPU can be used.
void require();
/// The GPU's name, compute capability and memory.
std::string name();
/// Versions of the driver and the libraries.
std::string library_versions();

/// Whether matrix products and convolutions of float32 may round their operands to TF32 (10 bits of mantissa) in the
/// matrix units. Default: no. A build without CUDA ignores it.
void allow_tf32(bool allowed);

/// Throws std::runtime_error if memory is short. The message says how much was asked for and what needs less.
std::shared_ptr<std::byte[]> allocate_zeros(std::size_t bytes);
void zero_bytes(std::byte* to, std::size_t bytes);
/// Either side may be host memory.
void copy_bytes(const std::byte* from, std::byte* to, std::size_t bytes);
std::int64_t available_memory_bytes();
/// The most memory that allocate_zeros has held at one time.
std::int64_t peak_memory_bytes();

/// Runs a training step and queues its work. If a step of the same form came before, its CUDA graph is launched, which
/// costs the host little time. The results equal those of calling step(). Returns whether a graph was used.
bool record_step(const std::function<void()>& step);

/// Waits until all queued work is done.
void synchronize();

}  // namespace biossl::accelerator
