#pragma once

#include <filesystem>

namespace biossl {

/// Locks an open file or folder until its descriptor is closed. Returns false if another process holds the lock; true
/// if the file system has no locks.
bool lock_file(int descriptor);

/// Whether the name still belongs to the open file: another process may have renamed, removed or replaced it.
bool is_called(int descriptor, const std::filesystem::path& name);

}  // namespace biossl
