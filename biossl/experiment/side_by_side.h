#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "biossl/experiment/reproduction.h"

namespace biossl {

/// How runs are made side by side: each by a process of its own.
struct SideBySide {
  std::int64_t jobs = 2;  ///< at a time
  /// The command that makes a run, or goes on with it, in its directory; the file holds its recipe. Its exit code says
  /// whether it came to its end; the last line it writes says why not, behind "biossl: ". SIGINT and SIGTERM stop it in
  /// order.
  std::function<std::vector<std::string>(const ReproductionRun& run, const std::filesystem::path& recipe)> command;
};

/// As reproduce(), some runs at a time; what they write is noted line by line behind their names. To stop is to stop
/// all of them and wait for that.
std::int64_t reproduce_side_by_side(const Reproduction& reproduction, const Place& place, const SideBySide& how,
                                    Reporter& reporter);

}  // namespace biossl
