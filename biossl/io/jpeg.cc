// libjpeg reports faults by a jump, so what stands between setjmp and its functions has no destructors.
#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdio>
// clang-format off: jpeglib.h uses what <cstdio> declares, and jerror.h what jpeglib.h defines
#include <jerror.h>
#include <jpeglib.h>
// clang-format on

#include "biossl/core/error.h"
#include "biossl/io/named_memory.h"
#include "biossl/io/picture.h"

namespace biossl {
namespace {

constexpr unsigned eighths = 8;

struct ErrorHandler {
  jpeg_error_mgr base{};  // first: libjpeg hands a pointer to it back
  std::jmp_buf back{};
  std::array<char, JMSG_LENGTH_MAX> text{};
  bool damaged = false;
  bool lacks_memory = false;
};

[[noreturn]] void leave(j_common_ptr info) {
  auto* handler = reinterpret_cast<ErrorHandler*>(info->err);
  handler->lacks_memory = handler->base.msg_code == JERR_OUT_OF_MEMORY;
  if (!handler->damaged) handler->base.format_message(info, handler->text.data());
  std::longjmp(handler->back, 1);
}

/// libjpeg fills what is missing with grey and only warns.
void warn(j_common_ptr info, int level) {
  auto* handler = reinterpret_cast<ErrorHandler*>(info->err);
  const int code = handler->base.msg_code;
  const bool lost =
      code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE || code == JWRN_MUST_RESYNC;
  if (level >= 0 || !lost || handler->damaged) return;
  handler->damaged = true;
  handler->base.format_message(info, handler->text.data());
}

class Decoder {
 public:
  Decoder() {
    info_.err = jpeg_std_error(&handler_.base);
    handler_.base.error_exit = leave;
    handler_.base.emit_message = warn;
  }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  ~Decoder() { jpeg_destroy_decompress(&info_); }

  /// Reads the header, so that the sizes are known.
  bool start(std::span<const std::byte> bytes) {
    if (setjmp(handler_.back) != 0) return false;  // NOLINT(cert-err52-cpp): libjpeg's way
    jpeg_create_decompress(&info_);
    jpeg_mem_src(&info_, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    if (jpeg_read_header(&info_, TRUE) != JPEG_HEADER_OK) return false;
    if (jpeg_has_multiple_scans(&info_) != FALSE) coefficient_bytes_ = bytes_of_coefficients();
    return true;
  }
  /// What libjpeg keeps of a picture that comes in several scans, as progressive ones do; 0 for others.
  std::int64_t coefficient_bytes() const { return coefficient_bytes_; }
  bool is_cmyk() const { return info_.jpeg_color_space == JCS_CMYK || info_.jpeg_color_space == JCS_YCCK; }
  /// Of CMYK values: Adobe's are of light, others of ink.
  bool is_of_light() const { return info_.saw_Adobe_marker != 0; }
  std::int64_t full_width() const { return info_.image_width; }
  std::int64_t full_height() const { return info_.image_height; }

  /// Starts to decode at `scale` eighths; then width and height are known.
  bool decode(unsigned scale) {
    if (setjmp(handler_.back) != 0) return false;  // NOLINT(cert-err52-cpp)
    info_.scale_num = scale;
    info_.scale_denom = eighths;
    info_.out_color_space = is_cmyk() ? JCS_CMYK : JCS_RGB;
    return jpeg_start_decompress(&info_) != 0;
  }
  std::int64_t width() const { return info_.output_width; }
  std::int64_t height() const { return info_.output_height; }
  std::int64_t channels() const { return info_.output_components; }

  bool read_rows(std::uint8_t* to) {
    if (setjmp(handler_.back) != 0) return false;  // NOLINT(cert-err52-cpp)
    while (info_.output_scanline < info_.output_height) {
      JSAMPROW row = to + std::int64_t{info_.output_scanline} * width() * channels();
      jpeg_read_scanlines(&info_, &row, 1);
      if (handler_.damaged) return false;
    }
    return jpeg_finish_decompress(&info_) != 0 && !handler_.damaged;
  }
  /// After a false result. Whether memory ran out says nothing of the picture.
  [[noreturn]] void refuse(const std::string& name) const {
    if (handler_.lacks_memory) no_memory_for_picture(name);
    bad_input("{}: is a damaged JPEG ({})", name, handler_.text.data());
  }

 private:
  std::int64_t bytes_of_coefficients() const {
    std::int64_t blocks = 0;
    for (int i = 0; i < info_.num_components; ++i) {
      const jpeg_component_info& component = info_.comp_info[i];
      blocks += std::int64_t{component.width_in_blocks} * component.height_in_blocks;
    }
    return blocks * static_cast<std::int64_t>(sizeof(JBLOCK));
  }

  ErrorHandler handler_;
  jpeg_decompress_struct info_{};
  std::int64_t coefficient_bytes_ = 0;
};

unsigned scale_for(std::int64_t shorter, std::int64_t least_side) {
  if (least_side <= 0) return eighths;
  for (unsigned scale = 1; scale < eighths; ++scale) {
    if (shorter * scale / eighths >= least_side) return scale;
  }
  return eighths;
}

std::vector<std::uint8_t> to_rgb(const std::vector<std::uint8_t>& cmyk, bool of_light) {
  std::vector<std::uint8_t> rgb(cmyk.size() / 4 * 3);
  for (std::size_t i = 0; i < cmyk.size() / 4; ++i) {
    const auto light = [&](std::size_t ink) {
      const int value = cmyk[4 * i + ink];
      return of_light ? value : 255 - value;
    };
    for (std::size_t c = 0; c < 3; ++c) rgb[3 * i + c] = static_cast<std::uint8_t>((light(c) * light(3) + 127) / 255);
  }
  return rgb;
}

}  // namespace

Picture decode_jpeg(std::span<const std::byte> bytes, std::int64_t least_side, const std::string& name) {
  Decoder decoder;
  if (!decoder.start(bytes)) decoder.refuse(name);
  if (decoder.full_width() * decoder.full_height() > most_pixels) {
    bad_input("{}: {} x {} pixels are too many", name, decoder.full_width(), decoder.full_height());
  }
  require_memory_for(name, decoder.coefficient_bytes());
  if (!decoder.decode(scale_for(std::min(decoder.full_width(), decoder.full_height()), least_side))) {
    decoder.refuse(name);
  }
  Picture picture{.width = decoder.width(), .height = decoder.height(), .rgb = {}};
  const std::int64_t samples = picture.width * picture.height * decoder.channels();
  require_memory_for(name, samples);
  picture.rgb.resize(static_cast<std::size_t>(samples));
  if (!decoder.read_rows(picture.rgb.data())) decoder.refuse(name);
  if (decoder.is_cmyk()) picture.rgb = to_rgb(picture.rgb, decoder.is_of_light());
  return picture;
}

}  // namespace biossl
