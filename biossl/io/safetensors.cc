#include "biossl/io/safetensors.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "biossl/core/atomic_file.h"
#include "biossl/core/error.h"
#include "biossl/io/json_text.h"

namespace biossl {
namespace {

using Json = nlohmann::json;

static_assert(std::endian::native == std::endian::little, "files are little-endian and are written as memory lies");

constexpr std::uint64_t length_bytes = 8;
constexpr std::uint64_t largest_header = 100'000'000;
constexpr const char* metadata_key = "__metadata__";
constexpr const char* checksum_key = "crc32";

struct DTypeName {
  DType dtype;
  const char* name;
};
constexpr std::array dtype_names{DTypeName{DType::float32, "F32"}, DTypeName{DType::bfloat16, "BF16"},
                                 DTypeName{DType::float64, "F64"}, DTypeName{DType::uint8, "U8"},
                                 DTypeName{DType::int32, "I32"}};

const char* file_name_of(DType dtype) { return std::ranges::find(dtype_names, dtype, &DTypeName::dtype)->name; }

Json shape_of(const Tensor& tensor) {
  Json shape = Json::array();
  for (int axis = 0; axis < tensor.shape().rank(); ++axis) shape.push_back(tensor.extent(axis));
  return shape;
}

/// The CRC-32 of all texts, then of every tensor's name, type, shape and values, each in the order of the names.
std::string checksum_of(const Metadata& metadata, const std::map<std::string, SafetensorsFile::Entry>& tensors) {
  uLong sum = crc32_z(0, nullptr, 0);
  const auto add = [&](std::span<const std::byte> bytes) {
    if (!bytes.empty()) sum = crc32_z(sum, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  };
  const auto add_text = [&](const std::string& text) { add(std::as_bytes(std::span(text.c_str(), text.size() + 1))); };
  for (const auto& [key, text] : metadata) {
    add_text(key);
    add_text(text);
  }
  for (const auto& [name, entry] : tensors) {
    add_text(fmt::format("{} {} {}", name, file_name_of(entry.dtype), to_string(entry.shape)));
    add(entry.bytes);
  }
  return fmt::format("{:08x}", sum);
}

/// The JSON header, padded with spaces so that the data starts at a multiple of 8.
std::string header_of(const std::vector<NamedTensor>& tensors, const Metadata& metadata) {
  Json header;
  header[metadata_key] = metadata;
  std::map<std::string, SafetensorsFile::Entry> entries;
  std::uint64_t offset = 0;
  for (const auto& [name, tensor] : tensors) {
    check(tensor.device() != Device::cuda, "write_safetensors", "'{}' is not in host memory", name);
    check(!header.contains(name), "write_safetensors", "the name '{}' is taken", name);
    const std::uint64_t end = offset + tensor.bytes();
    header[name] = {
        {"dtype", file_name_of(tensor.dtype())}, {"shape", shape_of(tensor)}, {"data_offsets", {offset, end}}};
    offset = end;
    entries[name] = {.dtype = tensor.dtype(), .shape = tensor.shape(), .bytes = {tensor.raw(), tensor.bytes()}};
  }
  header[metadata_key][checksum_key] = checksum_of(metadata, entries);
  std::string text = json_text(header);
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

/// The value of a key, or null. Returns no copy: copying overflows the stack for a file nested deeply on purpose.
const Json& under(const Json& object, const char* key) {
  static const Json nothing;
  const auto found = object.find(key);
  return found == object.end() ? nothing : *found;
}

Shape shape_from(const std::array<std::int64_t, Shape::max_rank>& extents, std::size_t rank) {
  const auto [a, b, c, d] = extents;
  switch (rank) {
    case 1:
      return {a};
    case 2:
      return {a, b};
    case 3:
      return {a, b, c};
    case 4:
      return {a, b, c, d};
    default:
      return {};
  }
}

/// Reads and checks the header of one file.
class HeaderReader {
 public:
  HeaderReader(std::string file, std::span<const std::byte> bytes) : file_(std::move(file)), bytes_(bytes) {}

  void read(Metadata& metadata, std::map<std::string, SafetensorsFile::Entry>& tensors) {
    const Json header = parse();
    std::vector<Piece> pieces;
    for (const auto& [name, value] : header.items()) {
      if (name == metadata_key) {
        read_metadata(value, metadata);
      } else {
        pieces.push_back(read_tensor(name, value, tensors[name]));
      }
    }
    check_pieces(pieces);
    const auto expected = metadata.extract(checksum_key);
    if (!expected.empty()) check_sum(checksum_of(metadata, tensors), expected.mapped());
  }

 private:
  /// The range of a tensor in the data.
  struct Piece {
    std::uint64_t begin;
    std::uint64_t end;
    std::string name;
  };

  [[noreturn]] void damaged(std::uint64_t byte, const std::string& what) const {
    bad_input("{}: byte {}: {}", file_, byte, what);
  }

  Json parse() {
    if (bytes_.size() < length_bytes) damaged(bytes_.size(), "the file ends within the header's length");
    std::uint64_t length = 0;
    std::memcpy(&length, bytes_.data(), length_bytes);
    if (length > largest_header) damaged(0, fmt::format("a header of {} bytes; this is no safetensors file", length));
    if (length > bytes_.size() - length_bytes) {
      damaged(bytes_.size(), fmt::format("the file ends within its header of {} bytes; it was cut short", length));
    }
    data_start_ = length_bytes + length;
    const char* text = reinterpret_cast<const char*>(bytes_.data()) + length_bytes;
    Json header = try_parse_json({text, length});
    if (!header.is_object()) damaged(length_bytes, "the header is no JSON object; this is no safetensors file");
    return header;
  }

  void read_metadata(const Json& value, Metadata& metadata) const {
    if (!value.is_object()) damaged(length_bytes, "__metadata__ is no JSON object");
    for (const auto& [key, text] : value.items()) {
      if (!text.is_string()) damaged(length_bytes, fmt::format("__metadata__ '{}' is no text", key));
      metadata[key] = text.get<std::string>();
    }
  }

  Piece read_tensor(const std::string& name, const Json& value, SafetensorsFile::Entry& entry) const {
    const auto wrong = [&](const std::string& what) {
      damaged(length_bytes, fmt::format("tensor '{}': {}", name, what));
    };
    if (!value.is_object()) wrong("is no JSON object");
    const Json& dtype = under(value, "dtype");
    const auto* known =
        std::ranges::find_if(dtype_names, [&](const DTypeName& entry_name) { return dtype == entry_name.name; });
    if (known == dtype_names.end()) wrong("dtype is none of F32, BF16, F64, U8 and I32");
    entry.dtype = known->dtype;
    std::uint64_t size = size_of(entry.dtype);
    if (!read_shape(under(value, "shape"), entry.shape, size)) {
      wrong("the shape is no list of up to four lengths that fit into the file");
    }
    const Json& offsets = under(value, "data_offsets");
    const bool pair =
        offsets.is_array() && offsets.size() == 2 && offsets[0].is_number_unsigned() && offsets[1].is_number_unsigned();
    if (!pair) wrong("data_offsets are no two whole numbers");
    const Piece piece{.begin = offsets[0].get<std::uint64_t>(), .end = offsets[1].get<std::uint64_t>(), .name = name};
    if (piece.begin > piece.end || piece.end - piece.begin != size) {
      wrong(fmt::format("data_offsets {} to {} do not hold the shape's {} bytes", piece.begin, piece.end, size));
    }
    if (piece.end > bytes_.size() - data_start_) {
      damaged(bytes_.size(), fmt::format("the file ends before tensor '{}' does, at byte {}; it was cut short", name,
                                         data_start_ + piece.end));
    }
    entry.bytes = bytes_.subspan(data_start_ + piece.begin, size);
    return piece;
  }

  /// Multiplies the extents into `size`. Returns false if they are no extents or the product does not fit into the
  /// file.
  bool read_shape(const Json& list, Shape& shape, std::uint64_t& size) const {
    if (!list.is_array() || list.size() > Shape::max_rank) return false;
    std::array<std::int64_t, Shape::max_rank> extents{};
    bool holds_nothing = false;
    for (std::size_t axis = 0; axis < list.size(); ++axis) {
      if (!list[axis].is_number_unsigned()) return false;
      const auto extent = list[axis].get<std::uint64_t>();
      if (extent > bytes_.size()) return false;
      extents[axis] = static_cast<std::int64_t>(extent);
      holds_nothing = holds_nothing || extent == 0;
      if (extent != 0 && size > bytes_.size() / extent) return false;
      size *= std::max<std::uint64_t>(extent, 1);
    }
    if (holds_nothing) size = 0;
    shape = shape_from(extents, list.size());
    return true;
  }

  /// Checks that the tensors fill the data without gaps and overlaps.
  void check_pieces(std::vector<Piece>& pieces) const {
    std::ranges::sort(pieces, {}, [](const Piece& piece) { return std::pair(piece.begin, piece.end); });
    std::uint64_t end = 0;
    for (const Piece& piece : pieces) {
      if (piece.begin != end) {
        damaged(data_start_ + piece.begin, fmt::format("tensor '{}' {} the one before", piece.name,
                                                       piece.begin < end ? "overlaps" : "leaves a gap to"));
      }
      end = piece.end;
    }
    if (data_start_ + end != bytes_.size()) damaged(data_start_ + end, "bytes follow that belong to no tensor");
  }

  void check_sum(const std::string& found, const std::string& expected) const {
    if (found == expected) return;
    bad_input("{}: is damaged: its checksum is {}, not {} (a program that changes weights has to drop the text '{}')",
              file_, found, expected, checksum_key);
  }

  std::string file_;
  std::span<const std::byte> bytes_;
  std::uint64_t data_start_ = 0;
};

}  // namespace

void write_safetensors(const std::filesystem::path& path, const std::vector<NamedTensor>& tensors,
                       const Metadata& metadata) {
  const std::string header = header_of(tensors, metadata);
  const std::uint64_t length = header.size();
  AtomicFile file(path);
  file.write(std::as_bytes(std::span(&length, 1)));
  file.write(header);
  for (const NamedTensor& named : tensors) file.write({named.tensor.raw(), named.tensor.bytes()});
  file.commit();
}

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path) : path_(path), file_(path) {
  HeaderReader(path.string(), file_.bytes()).read(metadata_, tensors_);
}

Tensor SafetensorsFile::read(const std::string& name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) bad_input("{}: holds no tensor '{}'", path_.string(), name);
  const Entry& entry = found->second;
  // Device::reference is host memory that can hold every type, also float64.
  Tensor tensor(entry.shape, entry.dtype, Device::reference);
  if (!entry.bytes.empty()) std::memcpy(tensor.raw(), entry.bytes.data(), entry.bytes.size());
  return tensor;
}

}  // namespace biossl
