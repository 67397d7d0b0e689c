#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

namespace biossl {

/// Writes an 8-bit RGB image, top row first, as a PNG file that appears whole or not at all. Throws
/// std::invalid_argument unless rgb holds width x height x 3 bytes; std::runtime_error naming a file that cannot be
/// written.
void write_png(const std::filesystem::path& path, std::int64_t width, std::int64_t height,
               std::span<const std::uint8_t> rgb);

}  // namespace biossl
