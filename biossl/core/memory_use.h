#pragma once

#include <cstdint>
#include <optional>

#include "biossl/core/device.h"

namespace biossl {

/// The largest amount of memory this process has held (resident set) since it began, or since the peak was restarted,
/// in bytes.
std::int64_t peak_memory_bytes();
/// The most that tensors have held of a GPU's memory at one time, in bytes.
std::int64_t peak_device_memory_bytes();
/// Gives freed memory back to the system and lets the peak start from what is still held, so that one process can tell
/// its jobs' peaks apart. False where the system cannot do that (Linux can, by /proc/self/clear_refs): the peak then
/// goes on counting what came before.
bool restart_peak_memory();
/// Bytes that can be allocated on a device without driving other work or this process out of memory: on the host what
/// host_memory_left() says, on a GPU what is free. Nothing where that is not known.
std::optional<std::int64_t> available_memory_bytes(Device device);

}  // namespace biossl
