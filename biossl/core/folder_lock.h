#pragma once

#include <filesystem>

namespace biossl {

/// Keeps others out of a folder who ask for the same, until it is destroyed or the process ends, however it ends; the
/// programs that this one starts do not inherit it. Throws InUse where another holds it; where the file system knows no
/// locks, nobody is kept out.
class FolderLock {
 public:
  explicit FolderLock(const std::filesystem::path& folder);
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock();

 private:
  int descriptor_;
};

}  // namespace biossl
