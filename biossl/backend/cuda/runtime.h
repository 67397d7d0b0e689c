#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <string_view>

namespace biossl::cuda {

/// Throws std::runtime_error("[call] what CUDA says") unless the call succeeded.
void check(cudaError_t status, std::string_view call);

/// What an error that comes of a full GPU ends with.
inline constexpr std::string_view less_memory =
    "; a smaller train.batch, train.precision = \"bfloat16\", or fewer --jobs need less";

/// The stream that all work of this process is given to, so that it runs in the order in which it was given.
cudaStream_t stream();

/// Device memory for what one operation needs between its kernels; the next operation writes over it. Grows when more
/// is asked for than before, which waits for the device and may not happen while a graph is captured.
std::byte* scratch(std::size_t bytes);

/// Whether float32 operands may be rounded to TF32.
bool tf32_allowed();

/// What the GPU at hand is like.
const cudaDeviceProp& properties();

}  // namespace biossl::cuda
