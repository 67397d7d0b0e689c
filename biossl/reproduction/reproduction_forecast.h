#pragma once

#include <string>
#include <vector>

#include "biossl/reproduction/reproduction.h"

namespace biossl {

/// A planned run and the estimated time of its remaining work.
struct ForecastRun {
  std::string name;  ///< name of its directory
  RunStatus status;
  std::int64_t epochs = 0;      ///< of the whole run
  double training_seconds = 0;  ///< remaining
  double probe_seconds = 0;     ///< remaining
};

struct Forecast {
  std::vector<ForecastRun> runs;  ///< of the wanted rows, row by row
  bool assumed_images = false;    ///< whether the size of absent data sets was assumed
};

/// Measures a few steps of every row that is not finished (CostEstimator). Throws like Trainer, and Interrupted.
Forecast forecast(const Reproduction& reproduction, const ExecutionContext& context, Reporter& reporter);

/// Text for a terminal: one line per run, and the sum.
std::string to_text(const Forecast& forecast);

}  // namespace biossl
