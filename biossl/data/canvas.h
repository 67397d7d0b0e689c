#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "biossl/core/shape.h"

namespace biossl {

/// An RGB picture for images and short texts.
class Canvas {
 public:
  static constexpr std::int64_t letter_width = 6;  ///< pixels per letter
  static constexpr std::int64_t letter_height = 8;

  /// A dark grey canvas.
  Canvas(std::int64_t width, std::int64_t height);

  /// Draws an image, (H, W, C) uint8, with its upper left corner at (x, y), magnified by `scale`. One channel is grey,
  /// three are red, green and blue; of any other number each has a hue of its own, and they are added up. Parts outside
  /// the canvas are cut off.
  void image(std::int64_t x, std::int64_t y, const Shape& shape, const std::uint8_t* pixels, std::int64_t scale);
  /// Writes printable ASCII; other bytes become '?'.
  void text(std::int64_t x, std::int64_t y, std::string_view text);
  void save(const std::filesystem::path& path) const;

 private:
  void set(std::int64_t x, std::int64_t y, std::uint8_t red, std::uint8_t green, std::uint8_t blue);

  std::int64_t width_;
  std::int64_t height_;
  std::vector<std::uint8_t> rgb_;
};

}  // namespace biossl
