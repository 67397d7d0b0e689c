#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "biossl/reproduction/reproduction.h"

namespace biossl {

/// How runs are made side by side: each by a process of its own.
struct ParallelRuns {
  std::int64_t jobs = 2;  ///< at a time
  /// The command that makes a run, or goes on with it, in its directory; it reads the recipe from stdin. Its exit code
  /// says whether it came to its end; the last line it writes says why not, behind "biossl: ". SIGTERM stops it in
  /// order.
  std::function<std::vector<std::string>(const ReproductionRun& run)> command;
};

/// As reproduce(), some runs at a time; what they write is noted line by line behind their names. To stop is to stop
/// all of them in order and wait for that, as it is when this process can no longer go on.
std::int64_t reproduce_side_by_side(const Reproduction& reproduction, const ExecutionContext& place,
                                    const ParallelRuns& how, Reporter& reporter);

}  // namespace biossl
