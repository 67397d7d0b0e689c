#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace biossl {

/// The number behind the word `key` in one of the kernel's files, or the first number where no key is wanted; nothing
/// where there is none ("max", or no such file).
std::optional<std::int64_t> kernel_number(const std::filesystem::path& file, const std::string& key = "");

}  // namespace biossl
