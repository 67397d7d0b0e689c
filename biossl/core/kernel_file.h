#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace biossl {

/// The number after the word `key` in one of the kernel's files; without a key, the first number. std::nullopt if there
/// is none ("max", or no such file).
std::optional<std::int64_t> kernel_number(const std::filesystem::path& file, const std::string& key = "");

}  // namespace biossl
