#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "biossl/core/progress.h"
#include "biossl/data/sources.h"
#include "biossl/io/download.h"

namespace biossl {

struct FetchRequest {
  std::filesystem::path data;  ///< the data folder; made if it is missing
  /// "": the addresses of the source, and first an archive that lies in the data folder. Otherwise a mirror: the
  /// address of a folder on the web or of the archive. Or a local folder that holds the files, or the archive itself.
  std::string from;
  DownloadOptions download;
  /// Makes the progress of a stage ("loading cifar10"), in bytes. May be empty.
  std::function<Progress(const std::string& stage)> progress;
};

struct FetchOutcome {
  std::filesystem::path folder;  ///< of the set
  bool was_complete = false;     ///< nothing had to be done
};

/// Brings a data set into the data folder. Files are loaded into NAME.part, which a later call goes on with, and are
/// used only if they have the published SHA-256. The set's folder and its files appear whole; other files in that
/// folder stay. An archive that is unpacked stays if it was there before, and is removed if it was loaded.
/// A set is complete if all its files have their published lengths, those that are used as they are also their SHA-256.
/// Throws BadInput for wrong or damaged files (a loaded one is removed); DownloadFault if no address hands out the
/// file, with what to do without a network; WriteError if there is no room; InUse if another process fetches into this
/// folder; std::invalid_argument for an impossible `data` or `from`. What `progress` throws passes through.
FetchOutcome fetch(const DataSource& source, const FetchRequest& request);

}  // namespace biossl
