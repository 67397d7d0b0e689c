#include "biossl/io/picture.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "biossl/core/error.h"

namespace biossl {
namespace {

bool starts_with(std::span<const std::byte> bytes, std::string_view text, std::size_t at = 0) {
  return bytes.size() >= at + text.size() && std::memcmp(bytes.data() + at, text.data(), text.size()) == 0;
}

/// Where pixel (y, x) of the result lies in a picture of height x width.
std::pair<std::int64_t, std::int64_t> source_of(int orientation, std::int64_t y, std::int64_t x, std::int64_t height,
                                                std::int64_t width) {
  switch (orientation) {
    case 2:
      return {y, width - 1 - x};
    case 3:
      return {height - 1 - y, width - 1 - x};
    case 4:
      return {height - 1 - y, x};
    case 5:
      return {x, y};
    case 6:
      return {height - 1 - x, y};
    case 7:
      return {height - 1 - x, width - 1 - y};
    case 8:
      return {x, width - 1 - y};
    default:
      return {y, x};
  }
}

}  // namespace

bool has_picture_ending(const std::filesystem::path& path) {
  constexpr std::array<std::string_view, 6> endings{".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp"};
  std::string ending = path.extension().string();
  std::ranges::transform(ending, ending.begin(),
                         [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return std::ranges::count(endings, ending) > 0;
}

void orient(Picture& picture, int orientation) {
  if (orientation <= 1 || orientation > 8) return;
  const bool on_side = orientation >= 5;
  Picture turned{.width = on_side ? picture.height : picture.width,
                 .height = on_side ? picture.width : picture.height,
                 .rgb = std::vector<std::uint8_t>(picture.rgb.size())};
  std::uint8_t* to = turned.rgb.data();
  for (std::int64_t y = 0; y < turned.height; ++y) {
    for (std::int64_t x = 0; x < turned.width; ++x) {
      const auto [row, column] = source_of(orientation, y, x, picture.height, picture.width);
      to = std::copy_n(picture.rgb.data() + (row * picture.width + column) * 3, 3, to);
    }
  }
  picture = std::move(turned);
}

void no_memory_for_picture(const std::string& name) {
  throw std::runtime_error(fmt::format("{}: not enough memory to decode it; fewer threads need less", name));
}

Picture decode_picture(std::span<const std::byte> bytes, std::int64_t least_side, const std::string& name) {
  Picture picture;
  if (bytes.empty()) bad_input("{}: is empty", name);
  if (starts_with(bytes, "\xff\xd8\xff")) {
    picture = decode_jpeg(bytes, least_side, name);
  } else if (starts_with(bytes, "\x89PNG\r\n\x1a\n")) {
    picture = decode_png(bytes, name);
  } else if (starts_with(bytes, "RIFF") && starts_with(bytes, "WEBP", 8)) {
    picture = decode_webp(bytes, name);
  } else {
    bad_input("{}: is no JPEG, PNG or WebP picture", name);
  }
  orient(picture, exif_orientation(bytes));
  return picture;
}

}  // namespace biossl
