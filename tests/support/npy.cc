#include "tests/support/npy.h"

#include <charconv>
#include <cstring>

#include "biossl/core/error.h"
#include "biossl/core/file.h"

namespace biossl::testing {
namespace {

/// The text after "'key':" in the header's Python dictionary, up to the end of the header.
std::string value_of(const std::string& header, const std::string& key, const std::string& name) {
  const std::size_t at = header.find("'" + key + "':");
  if (at == std::string::npos) bad_input("{}: the header has no '{}'", name, key);
  const std::size_t value = header.find_first_not_of(' ', at + key.size() + 3);
  return value == std::string::npos ? "" : header.substr(value);
}

std::vector<std::int64_t> parse_shape(const std::string& text, const std::string& name) {
  const std::size_t end = text.find(')');
  if (text.empty() || text[0] != '(' || end == std::string::npos) bad_input("{}: the shape is not a tuple", name);
  std::vector<std::int64_t> shape;
  for (std::size_t at = 1; at < end;) {
    const std::size_t digit = text.find_first_not_of(" ,", at);
    if (digit >= end) break;
    std::int64_t extent = 0;
    const auto [next, error] = std::from_chars(text.data() + digit, text.data() + end, extent);
    if (error != std::errc() || extent < 0 || extent > (std::int64_t{1} << 31)) {
      bad_input("{}: an extent of the shape is not a number", name);
    }
    shape.push_back(extent);
    at = static_cast<std::size_t>(next - text.data());
  }
  if (shape.size() > 4) bad_input("{}: {} extents, at most 4 are possible", name, shape.size());
  return shape;
}

/// The size of the header-length field, which follows the magic and two bytes of version.
std::size_t length_bytes(const std::string& bytes, const std::string& name) {
  if (bytes.size() < 12 || bytes.compare(0, 6, "\x93NUMPY") != 0) bad_input("{}: is not a .npy file", name);
  const char version = bytes[6];
  if (version != 1 && version != 2) bad_input("{}: version {} is unknown", name, static_cast<int>(version));
  return version == 1 ? 2 : 4;
}

}  // namespace

Array parse_npy(const std::string& bytes, const std::string& name) {
  const std::size_t width = length_bytes(bytes, name);
  std::size_t header_size = 0;
  for (std::size_t i = 0; i < width; ++i) {
    header_size |= static_cast<std::size_t>(static_cast<unsigned char>(bytes[8 + i])) << (8 * i);
  }
  const std::size_t start = 8 + width + header_size;
  if (start > bytes.size()) bad_input("{}: ends inside its header", name);
  const std::string header = bytes.substr(8 + width, header_size);
  if (value_of(header, "descr", name).rfind("'<f4'", 0) != 0) bad_input("{}: elements are not float32", name);
  if (value_of(header, "fortran_order", name).rfind("False", 0) != 0) bad_input("{}: is in Fortran order", name);
  Array array{parse_shape(value_of(header, "shape", name), name), {}};
  std::size_t count = 1;
  for (const std::int64_t extent : array.shape) count *= static_cast<std::size_t>(extent);
  if (bytes.size() - start != count * sizeof(float)) {
    bad_input("{}: {} bytes of data, the shape asks for {}", name, bytes.size() - start, count * sizeof(float));
  }
  array.values.resize(count);
  std::memcpy(array.values.data(), bytes.data() + start, count * sizeof(float));
  return array;
}

Array read_npy(const std::filesystem::path& path) { return parse_npy(read_file(path), path.string()); }

}  // namespace biossl::testing
