#include "biossl/core/file_lock.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>

namespace biossl {

bool lock_file(int descriptor) { return flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK; }

bool is_called(int descriptor, const std::filesystem::path& name) {
  struct stat open_file {};
  struct stat named {};
  return fstat(descriptor, &open_file) == 0 && lstat(name.c_str(), &named) == 0 && open_file.st_ino == named.st_ino &&
         open_file.st_dev == named.st_dev;
}

}  // namespace biossl
