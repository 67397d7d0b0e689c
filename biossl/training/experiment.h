#pragma once

#include <filesystem>

#include "biossl/recipe/components.h"
#include "biossl/recipe/recipe.h"
#include "biossl/runs/reporter.h"
#include "biossl/runs/run_directory.h"
#include "biossl/training/probing.h"

namespace biossl {

/// A run that has been pretrained and probed.
struct ProbedRun {
  RunDirectory directory;
  Recipe recipe;  ///< as resolved
  ProbeReport report;
};

/// Pretrains and probes; the results are still to be written. What could stop them from being written is looked for
/// before anything is trained.
ProbedRun pretrain_and_probe(const Recipe& recipe, const ExecutionContext& place, const std::filesystem::path& out,
                             bool resume, Reporter& reporter);

/// The main job: pretrain, then probe, then write the results.
ProbeReport run_experiment(const Recipe& recipe, const ExecutionContext& place, const std::filesystem::path& out,
                           bool resume, Reporter& reporter);

}  // namespace biossl
