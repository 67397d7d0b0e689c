#include "biossl/io/zip.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <optional>

#include "biossl/core/error.h"
#include "biossl/core/text.h"
#include "biossl/io/inflate.h"

namespace biossl {
namespace {

// Sizes and signatures of the format's records (PKWARE's APPNOTE 6.3).
constexpr std::int64_t end_bytes = 22;
constexpr std::int64_t locator_bytes = 20;
constexpr std::int64_t end64_bytes = 56;
constexpr std::int64_t entry_bytes = 46;
constexpr std::int64_t local_bytes = 30;
constexpr std::uint64_t end_signature = 0x06054b50;
constexpr std::uint64_t locator_signature = 0x07064b50;
constexpr std::uint64_t end64_signature = 0x06064b50;
constexpr std::uint64_t entry_signature = 0x02014b50;
constexpr std::uint64_t local_signature = 0x04034b50;
constexpr std::uint64_t in_extra_field = 0xffffffff;
constexpr std::int64_t longest_comment = 65535;
constexpr std::int64_t largest_directory = 64 << 20;

std::vector<std::byte> read(const ByteSource& file, std::int64_t at, std::int64_t size) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(size));
  file.read(at, bytes);
  return bytes;
}

struct End {
  std::int64_t at;
  std::uint64_t count, size, directory;
};

/// The record that ends a ZIP file; behind it there is at most a comment.
End find_end(const ByteSource& file) {
  const std::int64_t tail = std::min(file.size(), end_bytes + longest_comment);
  const std::vector<std::byte> bytes = read(file, file.size() - tail, tail);
  for (std::int64_t at = tail - end_bytes; at >= 0; --at) {
    const std::byte* record = bytes.data() + at;
    if (little_endian(record, 4) != end_signature) continue;
    return {file.size() - tail + at, little_endian(record + 10, 2), little_endian(record + 12, 4),
            little_endian(record + 16, 4)};
  }
  bad_input("{}: is no .npz file, or its end is missing", file.name());
}

/// A large file says where its directory is in a second record before the first.
void take_zip64(const ByteSource& file, End& end) {
  if (end.at < locator_bytes) return;
  const std::vector<std::byte> locator = read(file, end.at - locator_bytes, locator_bytes);
  if (little_endian(locator.data(), 4) != locator_signature) return;
  const std::uint64_t at = little_endian(locator.data() + 8, 8);
  if (at > static_cast<std::uint64_t>(file.size())) bad_input("{}: its directory lies outside of it", file.name());
  const std::vector<std::byte> record = read(file, static_cast<std::int64_t>(at), end64_bytes);
  if (little_endian(record.data(), 4) != end64_signature) bad_input("{}: its directory is damaged", file.name());
  end.count = little_endian(record.data() + 32, 8);
  end.size = little_endian(record.data() + 40, 8);
  end.directory = little_endian(record.data() + 48, 8);
}

/// Numbers of 8 bytes that an entry keeps in its extra field, one after another, where they need more than 4.
class Extra {
 public:
  Extra(const std::byte* from, std::uint64_t size, const std::string& file) : file_(file) {
    while (size >= 4) {
      const std::uint64_t length = little_endian(from + 2, 2);
      if (length > size - 4) break;
      if (little_endian(from, 2) == 1) numbers_ = std::span(from + 4, length);
      from += 4 + length;
      size -= 4 + length;
    }
  }
  void widen(std::uint64_t& number) {
    if (number != in_extra_field) return;
    if (numbers_.size() < 8) bad_input("{}: its directory is damaged", file_);
    number = little_endian(numbers_.data(), 8);
    numbers_ = numbers_.subspan(8);
  }

 private:
  std::string file_;
  std::span<const std::byte> numbers_;
};

}  // namespace

ZipFile::ZipFile(const std::filesystem::path& path) : file_(open_bytes(path)) {
  End end = find_end(*file_);
  take_zip64(*file_, end);
  const auto whole = static_cast<std::uint64_t>(file_->size());
  if (end.directory > whole || end.size > whole - end.directory || end.size > largest_directory) {
    bad_input("{}: its directory lies outside of it; has the file been cut short?", file_->name());
  }
  read_directory(static_cast<std::int64_t>(end.directory), static_cast<std::int64_t>(end.size), end.count);
}

void ZipFile::read_directory(std::int64_t at, std::int64_t size, std::uint64_t count) {
  const std::vector<std::byte> bytes = biossl::read(*file_, at, size);
  std::int64_t next = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::byte* entry = bytes.data() + next;
    if (size - next < entry_bytes || little_endian(entry, 4) != entry_signature) {
      bad_input("{}: byte {}: its directory is damaged", file_->name(), at + next);
    }
    const auto name = static_cast<std::int64_t>(little_endian(entry + 28, 2));
    const auto extra = static_cast<std::int64_t>(little_endian(entry + 30, 2));
    const auto comment = static_cast<std::int64_t>(little_endian(entry + 32, 2));
    if (size - next - entry_bytes < name + extra + comment) {
      bad_input("{}: byte {}: its directory is damaged", file_->name(), at + next);
    }
    Member member{.name = {reinterpret_cast<const char*>(entry + entry_bytes), static_cast<std::size_t>(name)},
                  .flags = little_endian(entry + 8, 2),
                  .method = little_endian(entry + 10, 2),
                  .checksum = little_endian(entry + 16, 4),
                  .packed = little_endian(entry + 20, 4),
                  .size = little_endian(entry + 24, 4),
                  .header = little_endian(entry + 42, 4)};
    Extra wide(entry + entry_bytes + name, static_cast<std::uint64_t>(extra), file_->name());
    wide.widen(member.size);
    wide.widen(member.packed);
    wide.widen(member.header);
    members_.push_back(std::move(member));
    next += entry_bytes + name + extra + comment;
  }
}

std::vector<std::string> ZipFile::names() const {
  std::vector<std::string> names;
  for (const Member& member : members_) names.push_back(valid_utf8(member.name));
  return names;
}

bool ZipFile::contains(std::string_view name) const { return std::ranges::count(members_, name, &Member::name) > 0; }

std::shared_ptr<const ByteSource> ZipFile::open(std::string_view name) const {
  const auto found = std::ranges::find(members_, name, &Member::name);
  if (found == members_.end()) bad_input("{}: holds no {}; it holds {}", file_->name(), name, joined(names()));
  const std::string label = fmt::format("{}: {}", file_->name(), name);
  const auto whole = static_cast<std::uint64_t>(file_->size());
  if (found->header > whole || found->packed > whole) bad_input("{}: lies outside of its file", label);
  const std::vector<std::byte> local = biossl::read(*file_, static_cast<std::int64_t>(found->header), local_bytes);
  if (little_endian(local.data(), 4) != local_signature) bad_input("{}: its header is damaged", label);
  if ((found->flags & 1U) != 0) bad_input("{}: is encrypted; save it without a password", label);
  const std::uint64_t start =
      found->header + local_bytes + little_endian(local.data() + 26, 2) + little_endian(local.data() + 28, 2);
  auto packed = part_of(file_, label, static_cast<std::int64_t>(start), static_cast<std::int64_t>(found->packed));
  if (found->method == 0) {
    if (found->size != found->packed) bad_input("{}: its sizes contradict each other", label);
    return packed;
  }
  if (found->method != 8) bad_input("{}: is packed by method {}; save it with numpy.savez", label, found->method);
  std::vector<std::byte> bytes = InflateStream(packed, Deflated::raw).read_rest(static_cast<std::int64_t>(found->size));
  const auto checksum = crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  if (checksum != found->checksum) bad_input("{}: its checksum is wrong: the file is damaged", label);
  return bytes_in_memory(label, std::move(bytes));
}

}  // namespace biossl
