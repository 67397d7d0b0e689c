#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace biossl {

/// A file that is loaded: an archive, or a file that is used as it is.
struct SourceFile {
  std::string name;
  std::int64_t bytes = 0;
  std::string sha256;  ///< 64 hexadecimal digits in lower case
};

/// A file that an archive holds, by which a complete set is known.
struct UnpackedFile {
  std::string name;        ///< in DataSource::folder
  std::int64_t bytes = 0;  ///< 0: any positive number
};

/// Where a published data set comes from, and what it consists of.
struct DataSource {
  std::string name;                    ///< "cifar10"
  std::string folder;                  ///< what it makes in the data folder
  std::vector<std::string> addresses;  ///< folders on the web that hold the files, the first to be tried first
  std::vector<SourceFile> files;       ///< one archive with the folder in it, or the files of the folder
  std::vector<UnpackedFile> unpacked;  ///< of the archive; empty: the files are used as they are
  std::int64_t unpacked_bytes = 0;     ///< an archive that unpacks to more is refused

  bool is_archive() const { return !unpacked.empty(); }
};

/// All that can be fetched.
const std::vector<DataSource>& data_sources();
/// Throws std::invalid_argument for an unknown name, with the nearest one.
const DataSource& find_source(const std::vector<DataSource>& sources, std::string_view name);

}  // namespace biossl
