#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

/// The GPU as the rest of biossl sees it, beside the operations. All work is given to it in one order, and given is not
/// done: only copies to host memory and synchronize() wait. backend/no_cuda implements the same functions; there they
/// throw, and count no devices.
namespace biossl::cuda {

/// How many GPUs this process can use: 0 without a driver, without a GPU or in a build without CUDA.
int device_count();
/// Throws std::runtime_error that says why no GPU can be used, if none can.
void require_device();
/// The GPU's name, compute capability and memory.
std::string device_name();
/// Versions of the driver and the libraries.
std::string library_versions();

/// Lets matrix products and convolutions of float32 numbers round them to TF32 (10 bits of mantissa) on their way into
/// the GPU's matrix units, or not, as at the start. Ignored in a build without CUDA.
void allow_tf32(bool allowed);

/// Throws std::runtime_error, saying how much was asked for and what to lower, where there is no room.
std::shared_ptr<std::byte[]> allocate_zeros(std::size_t bytes);
void zero_bytes(std::byte* to, std::size_t bytes);
/// Either side may be host memory.
void copy_bytes(const std::byte* from, std::byte* to, std::size_t bytes);
std::int64_t available_memory_bytes();
/// The most that allocate_zeros has held at one time.
std::int64_t peak_memory_bytes();

/// Runs a training step and gives its work to the device at once, as a CUDA graph where steps like it came before: the
/// processor's part of a step is then short. Results are those of calling step() itself. True where it went as a graph.
bool record_step(const std::function<void()>& step);

/// Waits until all that was given has been done.
void synchronize();

}  // namespace biossl::cuda
