#include "biossl/core/folder_lock.h"

#include <fcntl.h>
#include <unistd.h>

#include "biossl/core/error.h"
#include "biossl/core/file_lock.h"

namespace biossl {

namespace fs = std::filesystem;

FolderLock::FolderLock(const fs::path& folder) : descriptor_(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (descriptor_ < 0 || lock_file(descriptor_)) return;
  close(descriptor_);
  throw InUse(fmt::format("{}: another process is at work in it; try again when it has ended", folder.string()));
}

FolderLock::~FolderLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

}  // namespace biossl
