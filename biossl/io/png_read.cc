#include <png.h>

#include "biossl/core/error.h"
#include "biossl/io/picture.h"

namespace biossl {

Picture decode_png(std::span<const std::byte> bytes, const std::string& name) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  if (png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()) == 0) {
    bad_input("{}: is a damaged PNG ({})", name, image.message);
  }
  if (std::int64_t{image.width} * image.height > most_pixels) {
    const std::string size = fmt::format("{} x {}", image.width, image.height);
    png_image_free(&image);
    bad_input("{}: {} pixels are too many", name, size);
  }
  image.format = PNG_FORMAT_RGB;
  image.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;  // 16 bits are not of linear light unless the file says so
  Picture picture{.width = image.width, .height = image.height, .rgb = {}};
  picture.rgb.resize(PNG_IMAGE_SIZE(image));
  const png_color white{255, 255, 255};
  if (png_image_finish_read(&image, &white, picture.rgb.data(), 0, nullptr) == 0) {
    bad_input("{}: is a damaged PNG ({})", name, image.message);
  }
  return picture;
}

}  // namespace biossl
