#include "biossl/io/png.h"

#include <png.h>

#include <vector>

#include "biossl/core/atomic_file.h"
#include "biossl/core/error.h"

namespace biossl {
namespace {

constexpr std::int64_t longest_side = 1 << 15;

}  // namespace

void write_png(const std::filesystem::path& path, std::int64_t width, std::int64_t height,
               std::span<const std::uint8_t> rgb) {
  check(width > 0 && height > 0 && width <= longest_side && height <= longest_side, "write_png",
        "{} x {} pixels; sides of 1 to {} can be written", width, height, longest_side);
  check(static_cast<std::int64_t>(rgb.size()) == width * height * 3, "write_png", "{} bytes for {} x {} RGB pixels",
        rgb.size(), width, height);
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(width);
  image.height = static_cast<png_uint_32>(height);
  image.format = PNG_FORMAT_RGB;
  png_alloc_size_t bytes = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::vector<std::byte> encoded(bytes);
  if (png_image_write_to_memory(&image, encoded.data(), &bytes, 0, rgb.data(), 0, nullptr) == 0) {
    throw std::runtime_error(fmt::format("{}: cannot be encoded ({})", path.string(), image.message));
  }
  AtomicFile file(path);
  file.write(std::span(encoded).first(bytes));
  file.commit();
}

}  // namespace biossl
