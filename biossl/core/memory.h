#pragma once

#include <cstddef>
#include <memory>

#include "biossl/core/device.h"

namespace biossl {

/// Zeroed bytes on a device, aligned to 64. Large host blocks use huge pages, which saves page faults. Throws
/// std::runtime_error if they do not fit into the memory that is free; the message says how much was asked for and what
/// needs less. Blocks below 4 MiB are not checked beforehand and throw std::bad_alloc.
std::shared_ptr<std::byte[]> allocate_zeros(Device device, std::size_t bytes);
void zero_bytes(Device device, std::byte* to, std::size_t bytes);
void copy_bytes(Device from_device, const std::byte* from, Device to_device, std::byte* to, std::size_t bytes);

/// Waits until all queued work of a device is done. Returns at once for devices on the host.
void synchronize(Device device);

}  // namespace biossl
