#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

namespace biossl {

/// Disk space for numbers that do not fit into memory. The file has no name, so its space is free again when the object
/// or the process ends, however it ends. Reading is thread-safe. Throws WriteError naming the folder.
class ScratchFile {
 public:
  /// Allocates the space at once, so that a full disk is noticed now.
  ScratchFile(std::filesystem::path folder, std::int64_t bytes);
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  ~ScratchFile();

  const std::filesystem::path& folder() const { return folder_; }

  void write(std::int64_t at, std::span<const std::byte> bytes);
  void read(std::int64_t at, std::span<std::byte> bytes) const;
  /// Hints that these bytes will be read soon; the system reads them in the background.
  void expect(std::int64_t at, std::int64_t bytes) const;

 private:
  void claim(std::int64_t bytes) const;
  [[noreturn]] void give_up(const char* doing) const;

  std::filesystem::path folder_;
  int descriptor_ = -1;
};

}  // namespace biossl
