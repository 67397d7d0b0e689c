#pragma once

#include <string>
#include <vector>

#include "biossl/recipe/recipe.h"

namespace biossl {

/// One setting in which two recipes differ.
struct Difference {
  std::string key;    ///< "train.epochs", "network.blocks.0.channels"
  std::string one;    ///< its value in the one, as in TOML; "" where it has none
  std::string other;  ///< and in the other
};

/// The settings, by key, in which two recipes differ and that results depend on. Names, published numbers, the interval
/// between checkpoints and the place of features do not count. This is the one rule for whether a run can go on with a
/// recipe, whether a finished run is a recipe's, and how a reproduction deviates from the published protocol.
std::vector<Difference> differences(const Recipe& one, const Recipe& other);

/// How a recipe departs from the one that a published number belongs to.
struct Deviations {
  std::vector<Difference> reduced;  ///< fewer epochs or images
  std::vector<Difference> changed;  ///< everything else, apart from the seed
};
Deviations deviations(const Recipe& original, const Recipe& recipe);

/// "5 of 400 epochs a block", "1000 of all test images".
std::string describe_reduced(const Difference& difference);
/// "train.precision = "bfloat16" instead of "float32"".
std::string describe_changed(const Difference& difference);

}  // namespace biossl
