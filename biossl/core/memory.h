#pragma once

#include <cstddef>
#include <memory>

#include "biossl/core/device.h"

namespace biossl {

/// Zeroed bytes on a device, aligned to 64. Large host blocks are aligned to and ask for huge pages, so that training
/// does not stumble over page faults. Throws std::runtime_error, saying how much was asked for and what leaves less,
/// when there is no room: before memory is used that would have to be taken from other work.
std::shared_ptr<std::byte[]> allocate_zeros(Device device, std::size_t bytes);
void zero_bytes(Device device, std::byte* to, std::size_t bytes);
void copy_bytes(Device from_device, const std::byte* from, Device to_device, std::byte* to, std::size_t bytes);

/// Waits until everything that a device was given is done. The host's devices have nothing left to do.
void synchronize(Device device);

}  // namespace biossl
