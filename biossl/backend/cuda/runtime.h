#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <string_view>

namespace biossl::cuda {

/// Throws std::runtime_error("[call] what CUDA says") unless the call succeeded.
void check(cudaError_t status, std::string_view call);

/// The end of the message of an out-of-memory error.
inline constexpr std::string_view less_memory =
    "; a smaller train.batch, train.precision = \"bfloat16\", or fewer runs at once need less";

/// The stream for all work of this process; it keeps the order of the calls.
cudaStream_t stream();

/// Device memory for use within one operation; the next operation overwrites it. A larger request than before
/// reallocates it and waits for the device, so it must not happen while a graph is captured.
std::byte* scratch(std::size_t bytes);

/// Whether float32 operands may be rounded to TF32.
bool tf32_allowed();

/// Properties of the GPU.
const cudaDeviceProp& properties();

}  // namespace biossl::cuda
