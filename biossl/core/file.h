#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

namespace biossl {

/// The text of a file; for a pipe or a device, everything until its end, at most 64 MiB. Throws BadInput if it is
/// missing or unreadable.
std::string read_file(const std::filesystem::path& path);

/// The bytes of a regular file, mapped read-only. Throws BadInput if the file is missing or unreadable.
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
