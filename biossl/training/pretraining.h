#pragma once

#include <filesystem>
#include <optional>

#include "biossl/recipe/components.h"
#include "biossl/recipe/recipe.h"
#include "biossl/runs/reporter.h"
#include "biossl/runs/run_directory.h"

namespace biossl {

/// Pretrains into a run directory: a new one, or with `resume` possibly an existing one. Throws like RunDirectory and
/// Trainer. Writes nothing before everything is checked and allocated.
RunDirectory pretrain(const Recipe& recipe, const ExecutionContext& context, const std::filesystem::path& out,
                      bool resume, Reporter& reporter);

/// Throws BadInput unless `out` holds a run to continue. For callers that name no recipe.
void require_run_to_continue(const std::filesystem::path& out);
/// The first step of pretrain, for callers with checks in between. Returns the locked directory of a run to continue.
/// For a new run it checks that the directory can be made, and returns std::nullopt.
std::optional<RunDirectory> open_for_pretraining(const std::filesystem::path& out, bool resume);
/// The second step of pretrain: trains.
RunDirectory pretrain_in(std::optional<RunDirectory> continued, const Recipe& wanted, const ExecutionContext& context,
                         const std::filesystem::path& out, Reporter& reporter);

}  // namespace biossl
