#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "biossl/core/device.h"

namespace biossl {

/// Zeroed bytes on a device, aligned to 64. Large host blocks are aligned to and ask for huge pages, so that training
/// does not stumble over page faults. Throws std::runtime_error, saying how much was asked for, when there is no room.
std::shared_ptr<std::byte[]> allocate_zeros(Device device, std::size_t bytes);
void zero_bytes(Device device, std::byte* to, std::size_t bytes);
void copy_bytes(Device from_device, const std::byte* from, Device to_device, std::byte* to, std::size_t bytes);

/// The largest amount of memory this process has held so far (resident set), in bytes.
std::int64_t peak_memory_bytes();

}  // namespace biossl
