#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "biossl/core/shape.h"

namespace biossl {

/// An RGB picture to put images and short texts on.
class Canvas {
 public:
  static constexpr std::int64_t letter_width = 6;  ///< pixels from one letter to the next
  static constexpr std::int64_t letter_height = 8;

  /// Dark grey all over.
  Canvas(std::int64_t width, std::int64_t height);

  /// Puts an image, (H, W, 1) or (H, W, 3) uint8, with its upper left corner at (x, y), every pixel `scale` times as
  /// large. What lies outside is cut off. Throws std::invalid_argument for another number of channels.
  void image(std::int64_t x, std::int64_t y, const Shape& shape, const std::uint8_t* pixels, std::int64_t scale);
  /// Writes printable ASCII, other bytes as '?'.
  void text(std::int64_t x, std::int64_t y, std::string_view text);
  void save(const std::filesystem::path& path) const;

 private:
  void set(std::int64_t x, std::int64_t y, std::uint8_t red, std::uint8_t green, std::uint8_t blue);

  std::int64_t width_;
  std::int64_t height_;
  std::vector<std::uint8_t> rgb_;
};

}  // namespace biossl
