#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "biossl/io/picture.h"

namespace biossl::testing {

/// A picture of four quarters: red, green / blue, yellow.
Picture quarters(std::int64_t width, std::int64_t height);
using Pixel = std::array<int, 3>;
Pixel pixel_of(const Picture& picture, std::int64_t y, std::int64_t x);

struct JpegOptions {
  int orientation = 0;  ///< of an EXIF block; 0: none
  bool big_endian = false;
  bool grey = false;
  bool cmyk = false;  ///< as Adobe writes it
  bool progressive = false;
  int sampling = 2;  ///< of luminance against colours, 1 or 2
  int quality = 95;
};
std::string jpeg_bytes(const Picture& picture, const JpegOptions& options = {});

enum class PngKind { rgb, grey, palette, alpha, grey_alpha, rgb16 };
/// alpha: the left half is opaque, the right half transparent.
std::string png_bytes(const Picture& picture, PngKind kind = PngKind::rgb);

/// Lossless. alpha: as for PNG.
std::string webp_bytes(const Picture& picture, bool alpha = false);

}  // namespace biossl::testing
