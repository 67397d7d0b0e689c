#pragma once

#include <cstdint>
#include <optional>

#include "biossl/core/device.h"

namespace biossl {

/// Peak resident set of this process in bytes, since its start or since restart_peak_memory().
std::int64_t peak_memory_bytes();
/// The most GPU memory that tensors have held at one time, in bytes.
std::int64_t peak_device_memory_bytes();
/// Returns freed memory to the system and restarts the peak from what is still held, to measure the jobs of one process
/// one by one. Returns false, and the old peak stays, if the system cannot do that (Linux can, by
/// /proc/self/clear_refs).
bool restart_peak_memory();
/// Bytes that can be allocated on a device without exhausting its memory: host_memory_left() on the host, the free
/// memory of a GPU. std::nullopt if unknown.
std::optional<std::int64_t> available_memory_bytes(Device device);

}  // namespace biossl
