// The orientation in EXIF blocks: TIFF directories inside of JPEG segments, PNG chunks and WebP chunks.
#include <cstring>
#include <string_view>

#include "biossl/io/byte_source.h"
#include "biossl/io/picture.h"

namespace biossl {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::uint64_t orientation_tag = 0x0112;
constexpr std::string_view exif_mark{"Exif\0\0", 6};

bool is_at(Bytes bytes, std::size_t at, std::string_view text) {
  return at <= bytes.size() && bytes.size() - at >= text.size() &&
         std::memcmp(bytes.data() + at, text.data(), text.size()) == 0;
}

/// From a TIFF header on.
int orientation_in_tiff(Bytes tiff) {
  if (tiff.size() < 8) return 1;
  const bool little = is_at(tiff, 0, "II");
  if (!little && !is_at(tiff, 0, "MM")) return 1;
  const auto number = [&](std::size_t at, int bytes) {
    return little ? little_endian(tiff.data() + at, bytes) : big_endian(tiff.data() + at, bytes);
  };
  const std::uint64_t directory = number(4, 4);
  if (directory > tiff.size() - 2) return 1;
  const std::uint64_t entries = number(directory, 2);
  for (std::uint64_t i = 0; i < entries; ++i) {
    const std::size_t at = directory + 2 + 12 * i;
    if (at + 12 > tiff.size()) return 1;
    if (number(at, 2) != orientation_tag) continue;
    const std::uint64_t found = number(at + 8, 2);
    return found >= 1 && found <= 8 ? static_cast<int>(found) : 1;
  }
  return 1;
}

int orientation_in_jpeg(Bytes bytes) {
  std::size_t at = 2;
  while (at + 4 <= bytes.size() && bytes[at] == std::byte{0xff}) {
    const auto marker = std::to_integer<int>(bytes[at + 1]);
    if (marker == 0xff) {  // a fill byte
      ++at;
      continue;
    }
    const std::uint64_t length = big_endian(bytes.data() + at + 2, 2);
    if (marker == 0xda || length < 2 || length > bytes.size() - at - 2) return 1;
    const Bytes segment = bytes.subspan(at + 4, length - 2);
    if (marker == 0xe1 && is_at(segment, 0, exif_mark)) return orientation_in_tiff(segment.subspan(exif_mark.size()));
    at += 2 + length;
  }
  return 1;
}

int orientation_in_png(Bytes bytes) {
  std::size_t at = 8;
  while (at + 12 <= bytes.size()) {
    const std::uint64_t length = big_endian(bytes.data() + at, 4);
    if (length > bytes.size() - at - 12) return 1;
    if (is_at(bytes, at + 4, "eXIf")) return orientation_in_tiff(bytes.subspan(at + 8, length));
    at += 12 + length;
  }
  return 1;
}

int orientation_in_webp(Bytes bytes) {
  std::size_t at = 12;
  while (at + 8 <= bytes.size()) {
    const std::uint64_t length = little_endian(bytes.data() + at + 4, 4);
    if (length > bytes.size() - at - 8) return 1;
    if (is_at(bytes, at, "EXIF")) {
      Bytes block = bytes.subspan(at + 8, length);
      if (is_at(block, 0, exif_mark)) block = block.subspan(exif_mark.size());
      return orientation_in_tiff(block);
    }
    at += 8 + length + length % 2;
  }
  return 1;
}

}  // namespace

int exif_orientation(Bytes bytes) {
  if (is_at(bytes, 0, "\xff\xd8")) return orientation_in_jpeg(bytes);
  if (is_at(bytes, 0, "\x89PNG")) return orientation_in_png(bytes);
  return is_at(bytes, 0, "RIFF") ? orientation_in_webp(bytes) : 1;
}

}  // namespace biossl
