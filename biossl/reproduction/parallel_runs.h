#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "biossl/reproduction/reproduction.h"

namespace biossl {

/// How runs are executed in parallel, each in its own process.
struct ParallelRuns {
  std::int64_t jobs = 2;  ///< number of runs at a time
  /// The command that makes or continues a run in its directory. It reads the recipe from stdin. Exit code 0 means that
  /// the run has finished; otherwise the last output line, after "biossl: ", is the reason. SIGTERM stops it in an
  /// orderly way.
  std::function<std::vector<std::string>(const ReproductionRun& run)> command;
};

/// Like reproduce(), with several runs at a time. Their output is noted line by line with the run's name in front. A
/// stop, or a failure of this process, stops all runs in an orderly way and waits for them.
std::int64_t reproduce_in_parallel(const Reproduction& reproduction, const ExecutionContext& context,
                                   const ParallelRuns& how, Reporter& reporter);

}  // namespace biossl
