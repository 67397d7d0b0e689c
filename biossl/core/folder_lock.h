#pragma once

#include <filesystem>

namespace biossl {

/// Locks a folder against other FolderLocks until it is destroyed or the process ends. Child processes do not inherit
/// the lock. Throws InUse if another process holds it. Without effect on a file system without locks.
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
