#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace biossl {

/// Whether there is something under this name; false too where the system does not say.
bool is_there(const std::filesystem::path& path);

/// The text of a file; for a pipe or a device, everything until its end, at most 64 MiB. Waits for a pipe's writer.
/// Throws BadInput if it is missing or unreadable.
std::string read_file(const std::filesystem::path& path);
/// The text of a regular file of at most `most` bytes. Throws BadInput if it is missing or unreadable; for a pipe or a
/// device without waiting for it, and for a longer file without reading it.
std::string read_regular_file(const std::filesystem::path& path, std::int64_t most);

/// The bytes of a regular file, mapped read-only. Throws BadInput if the file is missing, unreadable, or no regular
/// file.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&&) = delete;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  std::span<const std::byte> bytes_;
};

/// A regular file, read at any place. Its bytes are copied, not mapped: a file that is cut short while it is used is an
/// error with a name, where a mapping would end the process. Thread-safe.
class RandomAccessFile {
 public:
  /// Throws BadInput if the file is missing, unreadable, or no regular file.
  explicit RandomAccessFile(std::filesystem::path path);
  RandomAccessFile(RandomAccessFile&& other) noexcept;
  RandomAccessFile& operator=(RandomAccessFile&&) = delete;
  RandomAccessFile(const RandomAccessFile&) = delete;
  RandomAccessFile& operator=(const RandomAccessFile&) = delete;
  ~RandomAccessFile();

  const std::filesystem::path& path() const { return path_; }
  /// Bytes of the file when it was opened.
  std::int64_t size() const { return size_; }
  /// Throws BadInput, naming the file and the byte, unless all bytes from `at` on can be read.
  void read(std::int64_t at, std::span<std::byte> to) const;

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  std::int64_t size_ = 0;
};

}  // namespace biossl
