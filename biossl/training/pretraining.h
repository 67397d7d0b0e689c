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
RunDirectory pretrain(const Recipe& recipe, const ExecutionContext& place, const std::filesystem::path& out,
                      bool resume, Reporter& reporter);

/// The two steps of pretrain, for callers with checks in between. The first returns the locked directory of a continued
/// run, or std::nullopt for a new one, after checking that it can be made. The second trains.
/// Where nothing but the directory of a continued run says what to do, it must be there. Throws BadInput.
void require_run_to_continue(const std::filesystem::path& out);
std::optional<RunDirectory> open_for_pretraining(const std::filesystem::path& out, bool resume);
RunDirectory pretrain_in(std::optional<RunDirectory> continued, const Recipe& wanted, const ExecutionContext& place,
                         const std::filesystem::path& out, Reporter& reporter);

}  // namespace biossl
