#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "biossl/recipe/recipe.h"

namespace biossl {

/// What a finished run came to.
struct RunOutcome {
  double test_accuracy = 0;   ///< of the probe of the last block, a fraction
  double train_accuracy = 0;  ///< likewise
  double chance = 0;          ///< the test accuracy of guessing, of the same images
  double seconds = 0;         ///< of pretraining
  double images_per_second = 0;
  std::int64_t peak_memory_bytes = 0;  ///< of the program with its probe; on a GPU: of the GPU's memory
  std::string machine;  ///< where and by which program it was begun: "AMD EPYC, 2 threads, device cpu, commit abc"
};

enum class RunStage { to_do, begun, failed, finished };
/// "to do", "begun", "failed", "finished"
std::string_view name_of(RunStage stage);

/// How a run stands.
struct RunStatus {
  std::uint64_t seed = 1;
  RunStage stage = RunStage::to_do;
  std::int64_t epoch = 0;             ///< epochs behind its newest checkpoint
  std::string failure;                ///< why it failed last time; empty where it has been finished since
  std::optional<RunOutcome> outcome;  ///< where it is finished
};

/// As a run's directory and the failure noted of it tell; `recipe` with the run's seed, which trains for
/// `total_epochs`. A run is finished when the results of all its epochs over the recipe's feedback path can be read:
/// damaged ones mean that it is to be probed again. Throws for nothing that lies there.
RunStatus read_status(const std::filesystem::path& directory, const Recipe& recipe, std::int64_t total_epochs);

}  // namespace biossl
