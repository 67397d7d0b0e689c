#pragma once

#include <filesystem>

#include "biossl/recipe/components.h"
#include "biossl/recipe/recipe.h"
#include "biossl/runs/reporter.h"
#include "biossl/runs/run_directory.h"
#include "biossl/training/probing.h"

namespace biossl {

/// A pretrained and probed run.
struct ProbedRun {
  RunDirectory directory;
  Recipe recipe;  ///< as resolved
  ProbeReport report;
};

/// Pretrains and probes, but does not write the results. Whatever could prevent them from being written is checked
/// before training.
ProbedRun pretrain_and_probe(const Recipe& recipe, const ExecutionContext& context, const std::filesystem::path& out,
                             bool resume, Reporter& reporter);

/// The main job: pretrain, then probe, then write the results.
ProbeReport run_experiment(const Recipe& recipe, const ExecutionContext& context, const std::filesystem::path& out,
                           bool resume, Reporter& reporter);

}  // namespace biossl
