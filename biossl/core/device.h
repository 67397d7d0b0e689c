#pragma once

#include <string_view>

namespace biossl {

/// Where a tensor lives and which backend computes on it. `reference` is host memory with plain loops: slow, simple,
/// and the reference that every other device is tested against.
enum class Device { reference, cpu, cuda };

std::string_view name_of(Device device);
/// The device of that name. Throws std::invalid_argument listing the known names.
Device device_named(std::string_view name);

}  // namespace biossl
