#pragma once

#include <string_view>

namespace biossl {

/// Where a tensor lives and which backend computes on it. `reference` is host memory worked on by plain loops: slow,
/// obviously right, the oracle of every other device.
enum class Device { reference, cpu, cuda };

std::string_view name_of(Device device);
/// The device of that name; throws std::invalid_argument with the known names.
Device device_named(std::string_view name);

}  // namespace biossl
