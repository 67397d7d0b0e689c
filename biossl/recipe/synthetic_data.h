#pragma once

#include <cstdint>

#include "biossl/recipe/recipe.h"

namespace biossl {

/// The recipe on images of the built-in world in place of its own, so that it can be timed where its data is not:
/// `images` of them, batches of `batch`, at least an epoch, and for a loss that uses labels a unit for each class that
/// the world has.
Recipe on_built_in_world(Recipe recipe, std::int64_t batch, std::int64_t images);

}  // namespace biossl
