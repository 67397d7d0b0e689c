#include "biossl/io/byte_source.h"

#include <algorithm>
#include <utility>

#include "biossl/core/error.h"
#include "biossl/core/file.h"

namespace biossl {
namespace {

class FileBytes final : public ByteSource {
 public:
  explicit FileBytes(RandomAccessFile file) : ByteSource(file.path().string(), file.size()), file_(std::move(file)) {}

 private:
  void do_read(std::int64_t at, std::span<std::byte> to) const override { file_.read(at, to); }

  RandomAccessFile file_;
};

class PartBytes final : public ByteSource {
 public:
  PartBytes(std::shared_ptr<const ByteSource> whole, std::string name, std::int64_t at, std::int64_t size)
      : ByteSource(std::move(name), size), whole_(std::move(whole)), at_(at) {}

 private:
  void do_read(std::int64_t at, std::span<std::byte> to) const override { whole_->read(at_ + at, to); }

  std::shared_ptr<const ByteSource> whole_;
  std::int64_t at_;
};

class MemoryBytes final : public ByteSource {
 public:
  MemoryBytes(std::string name, std::vector<std::byte> bytes)
      : ByteSource(std::move(name), std::ssize(bytes)), bytes_(std::move(bytes)) {}

 private:
  void do_read(std::int64_t at, std::span<std::byte> to) const override {
    std::copy_n(bytes_.begin() + at, to.size(), to.begin());
  }

  std::vector<std::byte> bytes_;
};

}  // namespace

void ByteSource::read(std::int64_t at, std::span<std::byte> to) const {
  if (at < 0 || at > size_ || std::ssize(to) > size_ - at) {
    bad_input("{}: is cut short: ends at byte {}, where more is expected", name_, size_);
  }
  do_read(at, to);
}

std::shared_ptr<const ByteSource> open_bytes(const std::filesystem::path& path) {
  return std::make_shared<FileBytes>(RandomAccessFile(path));
}

std::shared_ptr<const ByteSource> part_of(std::shared_ptr<const ByteSource> whole, std::string name, std::int64_t at,
                                          std::int64_t size) {
  if (at < 0 || size < 0 || at > whole->size() || size > whole->size() - at) {
    bad_input("{}: lies outside of its file of {} bytes; has the file been cut short?", name, whole->size());
  }
  return std::make_shared<PartBytes>(std::move(whole), std::move(name), at, size);
}

std::shared_ptr<const ByteSource> bytes_in_memory(std::string name, std::vector<std::byte> bytes) {
  return std::make_shared<MemoryBytes>(std::move(name), std::move(bytes));
}

std::uint64_t little_endian(const std::byte* from, int bytes) {
  std::uint64_t number = 0;
  for (int i = bytes - 1; i >= 0; --i) number = number << 8U | std::to_integer<std::uint64_t>(from[i]);
  return number;
}

std::uint64_t big_endian(const std::byte* from, int bytes) {
  std::uint64_t number = 0;
  for (int i = 0; i < bytes; ++i) number = number << 8U | std::to_integer<std::uint64_t>(from[i]);
  return number;
}

}  // namespace biossl
