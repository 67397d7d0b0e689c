#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

/// The GPU as the rest of biossl sees it, beside the operations (ops/ops.h). A backend defines these functions:
/// backend/cuda, or in a build without CUDA backend/no_cuda, whose count() is 0 and whose other functions throw
/// std::runtime_error. Work is queued in one order and runs later: only copies to host memory and synchronize() wait.
namespace biossl::accelerator {

/// Number of GPUs this process can use: 0 without a driver, without a GPU or in a build without CUDA.
int count();
/// Throws std::runtime_error that says why no GPU can be used, if none can.
void require();
/// The GPU's name, compute capability and memory.
std::string name();
/// Versions of the driver and the libraries.
std::string library_versions();

/// Lets matrix products and convolutions of float32 numbers round their operands to TF32 (10 bits of mantissa) in the
/// GPU's matrix units, or not, which is the default. A build without CUDA ignores it.
void allow_tf32(bool allowed);

/// Throws std::runtime_error that says how much was asked for and what needs less, where there is no room.
std::shared_ptr<std::byte[]> allocate_zeros(std::size_t bytes);
void zero_bytes(std::byte* to, std::size_t bytes);
/// Either side may be host memory.
void copy_bytes(const std::byte* from, std::byte* to, std::size_t bytes);
std::int64_t available_memory_bytes();
/// The most that allocate_zeros has held at one time.
std::int64_t peak_memory_bytes();

/// Runs a training step and queues its work at once, as a CUDA graph where a step of the same form came before: the
/// host's share of the step is then short. The results equal those of calling step(). Returns whether a graph was used.
bool record_step(const std::function<void()>& step);

/// Waits until all queued work is done.
void synchronize();

}  // namespace biossl::accelerator
