#include "biossl/core/file_lock.h"

#include <sys/file.h>

#include <cerrno>

namespace biossl {

bool lock_file(int descriptor) { return flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK; }

}  // namespace biossl
