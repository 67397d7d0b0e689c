#pragma once

#include <string>

#include "biossl/recipe/recipe.h"
#include "biossl/runs/reporter.h"

namespace biossl {

/// What a user should be told of an epoch at once, with what to try; "" if it went well:
///   a collapse        the effective rank of 8 dimensions or more, over 8 images or more, is below 1.5: the embeddings
///                     lie on one line through the origin, or in one point. Recipes that ship have 1.7 and more after
///                     their first epoch (docs/rules_and_losses.md)
///   nothing learnt    the loss is 0, and no view had an error, in the whole epoch
std::string health_warning(const EpochMetrics& metrics, const Recipe& recipe);

}  // namespace biossl
