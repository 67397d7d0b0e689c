#include <png.h>

#include <algorithm>
#include <cctype>
#include <string_view>

#include "biossl/core/error.h"
#include "biossl/io/named_memory.h"
#include "biossl/io/picture.h"

namespace biossl {
namespace {

/// libpng's image, let go whatever happens.
struct PngImage {
  PngImage() { image.version = PNG_IMAGE_VERSION; }
  PngImage(const PngImage&) = delete;
  PngImage& operator=(const PngImage&) = delete;
  ~PngImage() { png_image_free(&image); }

  /// After a fault. libpng tells a lack of memory, which says nothing of the picture, by its text alone.
  [[noreturn]] void refuse(const std::string& name) const {
    std::string text = image.message;
    std::ranges::transform(text, text.begin(),
                           [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    for (const std::string_view lack : {"out of memory", "insufficient memory"}) {
      if (text.find(lack) != std::string::npos) no_memory_for_picture(name);
    }
    bad_input("{}: is a damaged PNG ({})", name, image.message);
  }

  png_image image{};
};

}  // namespace

Picture decode_png(std::span<const std::byte> bytes, const std::string& name) {
  PngImage png;
  png_image& image = png.image;
  if (png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()) == 0) png.refuse(name);
  if (std::int64_t{image.width} * image.height > most_pixels) {
    bad_input("{}: {} x {} pixels are too many", name, image.width, image.height);
  }
  image.format = PNG_FORMAT_RGB;
  image.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;  // 16 bits are not of linear light unless the file says so
  Picture picture{.width = image.width, .height = image.height, .rgb = {}};
  require_memory_for(name, static_cast<std::int64_t>(PNG_IMAGE_SIZE(image)));
  picture.rgb.resize(PNG_IMAGE_SIZE(image));
  const png_color white{255, 255, 255};
  if (png_image_finish_read(&image, &white, picture.rgb.data(), 0, nullptr) == 0) png.refuse(name);
  return picture;
}

}  // namespace biossl
