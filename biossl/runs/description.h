#pragma once

#include <string>

#include "biossl/recipe/data_sets.h"
#include "biossl/recipe/recipe.h"

namespace biossl {

/// What a recipe is, for the reader: its network layer by layer, the type that training here computes with, its rule,
/// and which properties of biological plausibility its components keep. Without a data folder the size of images that
/// only files know is assumed, and the text says so. Throws BadInput where parts of the recipe do not fit together.
/// changes: also what differs from the defaults.
std::string description(Recipe recipe, const ExecutionContext& place, bool changes = false);

}  // namespace biossl
