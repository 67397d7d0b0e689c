#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace biossl {

/// A known number of bytes that can be read at any place: a file, a part of one, or bytes in memory. Thread-safe.
class ByteSource {
 public:
  ByteSource(std::string name, std::int64_t size) : name_(std::move(name)), size_(size) {}
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;
  virtual ~ByteSource() = default;

  /// What messages call it: a path, or a path and what is read of it.
  const std::string& name() const { return name_; }
  std::int64_t size() const { return size_; }
  /// Throws BadInput, naming the source and the byte, unless all bytes from `at` on can be read.
  void read(std::int64_t at, std::span<std::byte> to) const;

 protected:
  /// `at` and `to` lie within the source.
  virtual void do_read(std::int64_t at, std::span<std::byte> to) const = 0;

 private:
  std::string name_;
  std::int64_t size_;
};

/// A whole file, read where its bytes are asked for. Throws BadInput if it is missing, unreadable, or no regular file.
std::shared_ptr<const ByteSource> open_bytes(const std::filesystem::path& path);
/// `size` bytes of another source, from `at` on. Throws BadInput if they do not lie within it.
std::shared_ptr<const ByteSource> part_of(std::shared_ptr<const ByteSource> whole, std::string name, std::int64_t at,
                                          std::int64_t size);
std::shared_ptr<const ByteSource> bytes_in_memory(std::string name, std::vector<std::byte> bytes);

/// The number of `bytes` bytes at `from`, little-endian or big-endian.
std::uint64_t little_endian(const std::byte* from, int bytes);
std::uint64_t big_endian(const std::byte* from, int bytes);

}  // namespace biossl
