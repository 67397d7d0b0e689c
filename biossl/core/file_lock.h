#pragma once

namespace biossl {

/// Locks an open file or folder until its descriptor is closed. Returns false if another process holds the lock; true
/// if the file system has no locks.
bool lock_file(int descriptor);

}  // namespace biossl
