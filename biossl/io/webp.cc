#include <webp/decode.h>

#include <array>

#include "biossl/core/error.h"
#include "biossl/io/named_memory.h"
#include "biossl/io/picture.h"

namespace biossl {

Picture decode_webp(std::span<const std::byte> bytes, const std::string& name) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(data, bytes.size(), &features) != VP8_STATUS_OK) bad_input("{}: is a damaged WebP", name);
  if (features.has_animation != 0) bad_input("{}: is a moving WebP; save one of its pictures", name);
  const std::int64_t pixels = std::int64_t{features.width} * features.height;
  if (pixels > most_pixels) bad_input("{}: {} x {} pixels are too many", name, features.width, features.height);
  const bool has_alpha = features.has_alpha != 0;
  const int channels = has_alpha ? 4 : 3;
  Picture picture{.width = features.width, .height = features.height, .rgb = {}};
  require_memory_for(name, pixels * channels);
  picture.rgb.resize(static_cast<std::size_t>(pixels * channels));
  const auto decode = has_alpha ? WebPDecodeRGBAInto : WebPDecodeRGBInto;
  if (decode(data, bytes.size(), picture.rgb.data(), picture.rgb.size(), features.width * channels) == nullptr) {
    bad_input("{}: is a damaged WebP, or cut short", name);
  }
  if (!has_alpha) return picture;
  for (std::int64_t i = 0; i < pixels; ++i) {
    const std::uint8_t* from = picture.rgb.data() + 4 * i;
    const int alpha = from[3];
    const std::array<std::uint8_t, 3> pixel{from[0], from[1], from[2]};
    for (std::size_t c = 0; c < 3; ++c) {
      picture.rgb[static_cast<std::size_t>(3 * i) + c] =
          static_cast<std::uint8_t>((pixel[c] * alpha + 255 * (255 - alpha) + 127) / 255);
    }
  }
  picture.rgb.resize(static_cast<std::size_t>(3 * pixels));
  return picture;
}

}  // namespace biossl
