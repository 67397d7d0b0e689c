#include "tests/support/pictures.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
// clang-format off: jpeglib.h uses what <cstdio> declares
#include <jpeglib.h>
// clang-format on
#include <gtest/gtest.h>
#include <png.h>
#include <webp/encode.h>

namespace biossl::testing {
namespace {

std::string exif_block(int orientation, bool big) {
  std::string block("Exif\0\0", 6);
  const auto number = [&](int value, int bytes) {
    for (int i = 0; i < bytes; ++i) block += static_cast<char>(value >> (8 * (big ? bytes - 1 - i : i)) & 0xff);
  };
  block += big ? "MM" : "II";
  number(42, 2);
  number(8, 4);
  number(1, 2);
  number(0x0112, 2);
  number(3, 2);
  number(1, 4);
  number(orientation, 2);
  number(0, 2);
  number(0, 4);
  return block;
}

std::uint8_t grey_of(const std::uint8_t* rgb) { return static_cast<std::uint8_t>((rgb[0] + rgb[1] + rgb[2]) / 3); }

/// The samples of a pixel as a kind of PNG holds them.
std::string samples(const std::uint8_t* rgb, PngKind kind, bool right) {
  const auto letter = [](int value) { return static_cast<char>(value); };
  const char alpha = letter(right ? 0 : 255);
  const std::string colour{letter(rgb[0]), letter(rgb[1]), letter(rgb[2])};
  switch (kind) {
    case PngKind::rgb:
      return colour;
    case PngKind::grey:
      return {letter(grey_of(rgb))};
    case PngKind::palette:
      return {letter((rgb[0] > 127 ? 1 : 0) + (rgb[1] > 127 ? 2 : 0) + (rgb[2] > 127 ? 4 : 0))};
    case PngKind::alpha:
      return colour + alpha;
    case PngKind::grey_alpha:
      return {letter(grey_of(rgb)), alpha};
    case PngKind::rgb16:
      return {colour[0], 17, colour[1], 34, colour[2], 51};
  }
  return {};
}

int colour_type(PngKind kind) {
  switch (kind) {
    case PngKind::grey:
      return PNG_COLOR_TYPE_GRAY;
    case PngKind::palette:
      return PNG_COLOR_TYPE_PALETTE;
    case PngKind::alpha:
      return PNG_COLOR_TYPE_RGB_ALPHA;
    case PngKind::grey_alpha:
      return PNG_COLOR_TYPE_GRAY_ALPHA;
    default:
      return PNG_COLOR_TYPE_RGB;
  }
}

}  // namespace

Picture quarters(std::int64_t width, std::int64_t height) {
  Picture picture{.width = width, .height = height, .rgb = {}};
  for (std::int64_t y = 0; y < height; ++y) {
    for (std::int64_t x = 0; x < width; ++x) {
      const bool right = 2 * x >= width;
      const bool low = 2 * y >= height;
      const auto on = [](bool lit) { return static_cast<std::uint8_t>(lit ? 255 : 0); };
      for (const std::uint8_t value : {on(right == low), on(right), on(low && !right)}) picture.rgb.push_back(value);
    }
  }
  return picture;
}

Pixel pixel_of(const Picture& picture, std::int64_t y, std::int64_t x) {
  const std::uint8_t* pixel = picture.rgb.data() + (y * picture.width + x) * 3;
  return {pixel[0], pixel[1], pixel[2]};
}

std::string jpeg_bytes(const Picture& picture, const JpegOptions& options) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* memory = nullptr;
  unsigned long size = 0;  // NOLINT(google-runtime-int): libjpeg's type
  jpeg_mem_dest(&info, &memory, &size);
  info.image_width = static_cast<JDIMENSION>(picture.width);
  info.image_height = static_cast<JDIMENSION>(picture.height);
  info.input_components = options.grey ? 1 : options.cmyk ? 4 : 3;
  info.in_color_space = options.grey ? JCS_GRAYSCALE : options.cmyk ? JCS_CMYK : JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, options.quality, TRUE);
  if (options.progressive) jpeg_simple_progression(&info);
  info.comp_info[0].h_samp_factor = info.comp_info[0].v_samp_factor = options.grey ? 1 : options.sampling;
  jpeg_start_compress(&info, TRUE);
  if (options.orientation > 0) {
    const std::string block = exif_block(options.orientation, options.big_endian);
    jpeg_write_marker(&info, JPEG_APP0 + 1, reinterpret_cast<const JOCTET*>(block.data()),
                      static_cast<unsigned>(block.size()));
  }
  std::vector<std::uint8_t> row;
  for (std::int64_t y = 0; y < picture.height; ++y) {
    row.clear();
    for (std::int64_t x = 0; x < picture.width; ++x) {
      const std::uint8_t* rgb = picture.rgb.data() + (y * picture.width + x) * 3;
      if (options.grey) {
        row.push_back(grey_of(rgb));
      } else {
        row.insert(row.end(), rgb, rgb + 3);
        if (options.cmyk) row.push_back(255);  // Adobe's values are of light
      }
    }
    JSAMPROW pointer = row.data();
    jpeg_write_scanlines(&info, &pointer, 1);
  }
  jpeg_finish_compress(&info);
  std::string bytes(reinterpret_cast<const char*>(memory), size);
  jpeg_destroy_compress(&info);
  std::free(memory);  // NOLINT(cppcoreguidelines-no-malloc): libjpeg has taken it
  return bytes;
}

std::string png_bytes(const Picture& picture, PngKind kind) {
  std::string bytes;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  const auto write = [](png_structp file, png_bytep from, png_size_t count) {
    static_cast<std::string*>(png_get_io_ptr(file))->append(reinterpret_cast<const char*>(from), count);
  };
  png_set_write_fn(png, &bytes, write, nullptr);
  png_set_IHDR(png, info, static_cast<png_uint_32>(picture.width), static_cast<png_uint_32>(picture.height),
               kind == PngKind::rgb16 ? 16 : 8, colour_type(kind), PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_BASE,
               PNG_FILTER_TYPE_BASE);
  std::array<png_color, 8> palette{};
  for (std::size_t i = 0; i < 8; ++i) {
    const auto on = [i](unsigned bit) { return static_cast<png_byte>((i >> bit & 1U) != 0 ? 255 : 0); };
    palette[i] = {on(0), on(1), on(2)};
  }
  if (kind == PngKind::palette) png_set_PLTE(png, info, palette.data(), 8);
  png_write_info(png, info);
  for (std::int64_t y = 0; y < picture.height; ++y) {
    std::string row;
    for (std::int64_t x = 0; x < picture.width; ++x) {
      row += samples(picture.rgb.data() + (y * picture.width + x) * 3, kind, 2 * x >= picture.width);
    }
    png_write_row(png, reinterpret_cast<png_const_bytep>(row.data()));
  }
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return bytes;
}

std::string webp_bytes(const Picture& picture, bool alpha) {
  std::vector<std::uint8_t> rgba;
  for (std::int64_t i = 0; i < picture.width * picture.height; ++i) {
    const std::uint8_t* rgb = picture.rgb.data() + 3 * i;
    rgba.insert(rgba.end(), rgb, rgb + 3);
    rgba.push_back(alpha && 2 * (i % picture.width) >= picture.width ? 0 : 255);
  }
  std::uint8_t* memory = nullptr;
  const auto width = static_cast<int>(picture.width);
  const std::size_t size =
      WebPEncodeLosslessRGBA(rgba.data(), width, static_cast<int>(picture.height), 4 * width, &memory);
  EXPECT_GT(size, 0U);
  std::string bytes(reinterpret_cast<const char*>(memory), size);
  WebPFree(memory);
  return bytes;
}

}  // namespace biossl::testing
