#pragma once

#include <string>
#include <vector>

#include "biossl/reproduction/reproduction.h"

namespace biossl {

/// A run of the plan, and how long what is left of it would take.
struct ForecastRun {
  std::string name;  ///< of its directory
  RunStatus status;
  std::int64_t epochs = 0;      ///< of the whole run
  double training_seconds = 0;  ///< still to come
  double probe_seconds = 0;     ///< likewise
};

struct Forecast {
  std::vector<ForecastRun> runs;  ///< of the wanted rows, row by row
  bool assumed_images = false;    ///< whether the size of data sets that are not here was assumed
};

/// Measures a few steps of every row that has something left to do (CostEstimator). Throws as Trainer does, and
/// Interrupted.
Forecast forecast(const Reproduction& reproduction, const ExecutionContext& place, Reporter& reporter);

/// For a terminal: a line a run, and the sum.
std::string to_text(const Forecast& forecast);

}  // namespace biossl
