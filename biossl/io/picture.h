#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace biossl {

/// A picture as 8-bit RGB, top row first, upright.
struct Picture {
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::vector<std::uint8_t> rgb;  ///< (height, width, 3)
};

constexpr std::int64_t most_pixels = std::int64_t{1} << 28;  ///< of a picture that is decoded

/// Whether a file's name ends like a JPEG, PNG or WebP picture's: .jpg .jpeg .jpe .jfif .png .webp, in any case.
bool has_picture_ending(const std::filesystem::path& path);

/// Decodes a JPEG, PNG or WebP picture, told by its first bytes. Grey values become RGB, alpha is laid over white, 16
/// bits become 8, CMYK becomes RGB without a profile, and the EXIF orientation is applied. A JPEG is decoded at the
/// smallest of 1/8, 2/8, … 8/8 of its size at which its shorter side is still at least `least_side`; 0: at its size.
/// Throws BadInput, naming the picture, if it is none, damaged, cut short, moving, or larger than most_pixels;
/// std::runtime_error, naming it too, or std::bad_alloc if there is too little memory for it.
Picture decode_picture(std::span<const std::byte> bytes, std::int64_t least_side, const std::string& name);

/// Turns and mirrors a picture as an EXIF orientation says, 1 to 8.
void orient(Picture& picture, int orientation);

/// What a decoder throws that got no memory: std::runtime_error that names the picture.
[[noreturn]] void no_memory_for_picture(const std::string& name);
// The formats, for decode_picture. They do not turn the picture.
Picture decode_jpeg(std::span<const std::byte> bytes, std::int64_t least_side, const std::string& name);
Picture decode_png(std::span<const std::byte> bytes, const std::string& name);
Picture decode_webp(std::span<const std::byte> bytes, const std::string& name);
/// The EXIF orientation of a JPEG, PNG or WebP file; 1 without any, or where it is damaged.
int exif_orientation(std::span<const std::byte> bytes);

}  // namespace biossl
