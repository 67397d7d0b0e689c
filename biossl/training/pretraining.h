#pragma once

#include <filesystem>
#include <optional>

#include "biossl/recipe/components.h"
#include "biossl/recipe/recipe.h"
#include "biossl/runs/reporter.h"
#include "biossl/runs/run_directory.h"

namespace biossl {

/// Pretrains into a run directory: a new one, or with `resume` one that may exist. Throws as RunDirectory and Trainer
/// do; nothing is written before everything has been checked and sized.
RunDirectory pretrain(const Recipe& recipe, const ExecutionContext& place, const std::filesystem::path& out,
                      bool resume, Reporter& reporter);

/// The two steps of pretrain, for who looks at more in between: the directory of a run that goes on, locked (nothing
/// where a new one is to be made, for which there is room), and the training.
std::optional<RunDirectory> open_for_pretraining(const std::filesystem::path& out, bool resume);
RunDirectory pretrain_in(std::optional<RunDirectory> continued, const Recipe& wanted, const ExecutionContext& place,
                         const std::filesystem::path& out, Reporter& reporter);

}  // namespace biossl
