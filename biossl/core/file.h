#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace biossl {

/// A file being written that appears under its name whole or not at all: bytes go to a temporary neighbour, and
/// `commit` flushes it to disk and renames it. Destroyed without `commit`, it leaves nothing behind. Throws
/// std::runtime_error naming the file.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text);
  void commit();

 private:
  [[noreturn]] void give_up(const char* doing) const;

  std::filesystem::path path_;
  std::filesystem::path temporary_;  // empty once it has its name
  int descriptor_ = -1;
};

void write_file(const std::filesystem::path& path, std::string_view text);
/// Throws BadInput when the file is missing or unreadable.
std::string read_file(const std::filesystem::path& path);

/// Keeps others out of a folder who ask for the same, until it is destroyed or the process ends. Throws
/// std::runtime_error where another holds it; where the file system knows no locks, nobody is kept out.
class FolderLock {
 public:
  explicit FolderLock(const std::filesystem::path& folder);
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock();

 private:
  int descriptor_;
};

/// A file's bytes, mapped read-only. Throws BadInput when the file is missing or unreadable.
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

}  // namespace biossl
