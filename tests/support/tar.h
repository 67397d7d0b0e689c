#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace biossl::testing {

/// An entry of an archive, honest or not.
struct TarEntry {
  std::string path;
  std::string data = {};
  char type = 'f';  ///< 'f': file, 'd': folder, 's': symbolic link, 'h': hard link, 'p': pipe, 'c': device
  std::string target = {};
  unsigned mode = 0644;
};

/// A tar archive packed by gzip.
std::string tar_gz(const std::vector<TarEntry>& entries);

}  // namespace biossl::testing
