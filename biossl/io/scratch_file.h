#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

namespace biossl {

/// Room on a disk for numbers that memory does not hold. The file has no name: its folder does not show it, and its
/// room is free again when the object or the process is gone, however it ends. Reading is thread-safe. Throws
/// WriteError naming the folder.
class ScratchFile {
 public:
  /// Claims the room at once, so that a full disk is noticed now and not in the middle of the work.
  ScratchFile(std::filesystem::path folder, std::int64_t bytes);
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  ~ScratchFile();

  const std::filesystem::path& folder() const { return folder_; }

  void write(std::int64_t at, std::span<const std::byte> bytes);
  void read(std::int64_t at, std::span<std::byte> bytes) const;
  /// Asks the system to fetch these bytes while other work goes on; they will be read soon.
  void expect(std::int64_t at, std::int64_t bytes) const;

 private:
  void claim(std::int64_t bytes) const;
  [[noreturn]] void give_up(const char* doing) const;

  std::filesystem::path folder_;
  int descriptor_ = -1;
};

}  // namespace biossl
