#pragma once

namespace biossl {

/// Locks an open file or folder until its descriptor is closed. False where another process holds the lock; true where
/// the file system has no locks.
bool lock_file(int descriptor);

}  // namespace biossl
