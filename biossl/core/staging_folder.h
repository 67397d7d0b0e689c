#pragma once

#include <filesystem>

namespace biossl {

/// An empty folder in which something is made before it gets its final name. It is removed with the object, and so is
/// what is still in it. A killed process may have left one of this name.
class StagingFolder {
 public:
  /// Throws WriteError if it cannot be made.
  explicit StagingFolder(std::filesystem::path path);
  StagingFolder(const StagingFolder&) = delete;
  StagingFolder& operator=(const StagingFolder&) = delete;
  ~StagingFolder();

  const std::filesystem::path& path() const { return path_; }

 private:
  void remove() const;

  std::filesystem::path path_;
};

/// Creates a folder and those above it, where they are missing. Throws WriteError.
void make_folder(const std::filesystem::path& folder);
/// Writes all that is below a path to disk, so that a rename makes nothing visible that a power cut would take. Throws
/// WriteError.
void flush_to_disk(const std::filesystem::path& path);
/// Renames a file or folder. Throws WriteError naming `to`.
void put_in_place(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace biossl
