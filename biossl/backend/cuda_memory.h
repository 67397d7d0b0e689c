#pragma once

#include <cstddef>
#include <memory>

/// Device memory of the CUDA backend; backend/no_cuda implements the same functions by throwing.
namespace biossl::cuda {

std::shared_ptr<std::byte[]> allocate_zeros(std::size_t bytes);
void zero_bytes(std::byte* to, std::size_t bytes);
/// Either side may be host memory.
void copy_bytes(const std::byte* from, std::byte* to, std::size_t bytes);

}  // namespace biossl::cuda
