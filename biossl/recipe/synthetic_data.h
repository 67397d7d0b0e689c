#pragma once

#include <cstdint>

#include "biossl/recipe/recipe.h"

namespace biossl {

/// The recipe with images of the built-in world, to time it without its data: `images` images, batches of `batch`, at
/// least one epoch. A data set that is made by its own settings stays, because its images may have another shape.
/// Views that cannot be made of these images become "identity". For a loss with labels the head has one output per
/// class.
Recipe on_built_in_world(Recipe recipe, std::int64_t batch, std::int64_t images);

}  // namespace biossl
