#pragma once

#include <filesystem>
#include <vector>

#include "biossl/core/device.h"
#include "biossl/recipe/recipe_difference.h"

namespace biossl {

/// Throws std::invalid_argument, which says with what the run was started and what can be done, if there is a
/// difference from how it was.
void refuse_differences(const std::filesystem::path& run, const std::vector<Difference>& found);
/// The same for a recipe that a run is to go on with, other than what RunDirectory::require_continues lets differ.
void require_same_run(const std::filesystem::path& run, Recipe before, const Recipe& recipe, Device device,
                      bool epochs_are_free);
/// The same for images and views that were handed over in memory alone. `run`: a run directory, or its checkpoint.
void require_same_memory(const std::filesystem::path& run, const Recipe& before, const Recipe& now);

}  // namespace biossl
