#pragma once

#include <cstdint>
#include <filesystem>

#include "biossl/core/progress.h"

namespace biossl {

/// What an archive may hold at most.
struct ArchiveLimits {
  std::int64_t bytes = 0;    ///< of all its files, unpacked
  std::int64_t entries = 0;  ///< files and folders
};

/// Unpacks a tar archive, packed by gzip or not, into an existing empty folder. The archive need not be trusted: only
/// regular files and folders come out of it, all below that folder, and no more than the limits say. Owners and times
/// are left out. Progress counts bytes of the archive. On any exception the folder may hold some of the files. Throws
/// BadInput naming the archive and the entry: a damaged or cut archive, a path that is absolute or has "..", a link or
/// a device, a name twice, more than the limits; WriteError if a file cannot be written.
void unpack_archive(const std::filesystem::path& archive, const std::filesystem::path& folder,
                    const ArchiveLimits& limits, const Progress& progress = {});

}  // namespace biossl
