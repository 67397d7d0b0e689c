#include "biossl/io/npy_array.h"

#include <array>
#include <charconv>
#include <cstring>
#include <limits>
#include <utility>

#include "biossl/core/error.h"
#include "biossl/core/text.h"

namespace biossl {
namespace {

constexpr std::int64_t longest_header = 1 << 20;

/// The text behind 'key': in the header's Python dictionary.
std::string_view value_of(std::string_view header, std::string_view key, const std::string& name) {
  for (const char quote : {'\'', '"'}) {
    const std::string quoted = fmt::format("{0}{1}{0}:", quote, key);
    const std::size_t at = header.find(quoted);
    if (at != std::string_view::npos) return trimmed(header.substr(at + quoted.size()));
  }
  bad_input("{}: its header has no '{}'", name, key);
}

std::vector<std::int64_t> parse_extents(std::string_view text, const std::string& name) {
  const std::size_t end = text.find(')');
  if (!text.starts_with('(') || end == std::string_view::npos) bad_input("{}: its shape is no tuple", name);
  std::vector<std::int64_t> extents;
  std::int64_t elements = 1;
  const char* at = text.data() + 1;
  const char* const last = text.data() + end;
  while (true) {
    while (at != last && (*at == ' ' || *at == ',')) ++at;
    if (at == last) return extents;
    std::int64_t extent = 0;
    const auto [next, fault] = std::from_chars(at, last, extent);
    const bool fits = fault == std::errc() && extent >= 0 &&
                      (extent == 0 || elements <= std::numeric_limits<std::int64_t>::max() / 64 / extent);
    if (!fits) bad_input("{}: its shape {}) is not possible", name, valid_utf8(text.substr(0, end)));
    elements *= extent == 0 ? 1 : extent;
    extents.push_back(extent);
    at = next;
  }
}

}  // namespace

NpyArray::NpyArray(std::shared_ptr<const ByteSource> source) : source_(std::move(source)) {
  std::array<std::byte, 12> start{};
  const std::array<unsigned char, 6> magic{0x93, 'N', 'U', 'M', 'P', 'Y'};
  if (source_->size() < 12) bad_input("{}: is no .npy file: it has {} bytes", name(), source_->size());
  source_->read(0, start);
  if (std::memcmp(start.data(), magic.data(), magic.size()) != 0) {
    bad_input("{}: is no .npy file; save the array with numpy.save", name());
  }
  const int version = std::to_integer<int>(start[6]);
  if (version < 1 || version > 3) bad_input("{}: byte 6: version {} of the .npy format is unknown", name(), version);
  const int width = version == 1 ? 2 : 4;
  const auto length = static_cast<std::int64_t>(little_endian(start.data() + 8, width));
  start_ = 8 + width + length;
  if (length > longest_header) bad_input("{}: byte 8: a header of {} bytes is too long", name(), length);
  std::vector<std::byte> bytes(static_cast<std::size_t>(length));
  source_->read(8 + width, bytes);
  parse({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  const std::int64_t expected = start_ + elements() * width_;
  if (source_->size() == expected) return;
  bad_input("{}: {} {} bytes of {} for an array of shape {}; save it again", name(),
            source_->size() < expected ? "is cut short: has" : "is too long: has", source_->size(), expected,
            shape_text());
}

void NpyArray::parse(const std::string& header) {
  const std::string_view order = value_of(header, "fortran_order", name());
  extents_ = parse_extents(value_of(header, "shape", name()), name());
  if (!order.starts_with("False") && extents_.size() > 1) {
    bad_input("{}: is stored column by column; save numpy.ascontiguousarray(array)", name());
  }
  const std::string_view type = value_of(header, "descr", name());
  const bool known = type.size() > 5 && (type[1] == '<' || type[1] == '|' || type[1] == '=') && type[4] == type[0];
  const char letter = known ? type[2] : '?';
  width_ = known ? type[3] - '0' : 0;
  const bool whole = (letter == 'u' || letter == 'i') && (width_ == 1 || width_ == 2 || width_ == 4 || width_ == 8);
  const bool real = letter == 'f' && (width_ == 4 || width_ == 8);
  if (!whole && !real) {
    bad_input("{}: its type {} cannot be read; save it as uint8, an integer or float32", name(),
              valid_utf8(type.substr(0, type.find_first_of(",}"))));
  }
  kind_ = real ? Kind::real : letter == 'u' ? Kind::unsigned_integer : Kind::signed_integer;
}

std::int64_t NpyArray::elements(std::size_t axis) const {
  std::int64_t product = 1;
  for (; axis < extents_.size(); ++axis) product *= extents_[axis];
  return product;
}

std::string NpyArray::shape_text() const {
  std::vector<std::string> extents;
  for (const std::int64_t extent : extents_) extents.push_back(std::to_string(extent));
  return fmt::format("({})", joined(extents));
}

void NpyArray::read(std::int64_t first, std::span<std::byte> to) const { source_->read(start_ + first * width_, to); }

std::vector<std::int64_t> NpyArray::integers() const {
  if (kind_ == Kind::real) bad_input("{}: holds real numbers, where integers are expected", name());
  std::vector<std::byte> bytes(static_cast<std::size_t>(elements() * width_));
  read(0, bytes);
  std::vector<std::int64_t> numbers(static_cast<std::size_t>(elements()));
  const int unused = 64 - 8 * width_;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const std::uint64_t raw = little_endian(bytes.data() + i * static_cast<std::size_t>(width_), width_);
    // The sign of a short number spreads over the high bits.
    numbers[i] = kind_ == Kind::unsigned_integer ? static_cast<std::int64_t>(raw)
                                                 : static_cast<std::int64_t>(raw << unused) >> unused;
  }
  return numbers;
}

}  // namespace biossl
