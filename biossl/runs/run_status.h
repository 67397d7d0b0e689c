#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "biossl/recipe/recipe.h"

namespace biossl {

/// The results of a finished run.
struct RunOutcome {
  double test_accuracy = 0;   ///< probe of the last block, a fraction
  double train_accuracy = 0;  ///< a fraction
  double chance = 0;          ///< test accuracy of guessing on the same images
  double seconds = 0;         ///< of pretraining
  double images_per_second = 0;
  std::int64_t peak_memory_bytes = 0;  ///< of the program including its probe; on a GPU: GPU memory
  std::string machine;                 ///< where it began: "AMD EPYC, 2 threads, device cpu, commit abc"
};

enum class RunStage { to_do, begun, failed, finished };
/// "to do", "begun", "failed", "finished"
std::string_view name_of(RunStage stage);

/// The status of a run.
struct RunStatus {
  std::uint64_t seed = 1;
  RunStage stage = RunStage::to_do;
  std::int64_t epoch = 0;             ///< epochs in its newest checkpoint
  std::string failure;                ///< why it failed last time; empty if it has finished since
  std::optional<RunOutcome> outcome;  ///< present if finished
};

/// Where a run of so many epochs stands: "to do", "at epoch 3 of 5" with a lead before it, "to be probed", "finished".
/// Of a failed run: where it goes on.
std::string place_in_run(const RunStatus& run, std::int64_t epochs, std::string_view lead = "");

/// Reads the status from a run's directory and its failure note. `recipe` has the run's seed and trains for
/// `total_epochs`. A run is finished if it has results of all its epochs with the recipe's feedback path; damaged
/// results count as missing. Faulty files throw nothing.
RunStatus read_status(const std::filesystem::path& directory, const Recipe& recipe, std::int64_t total_epochs);

}  // namespace biossl
