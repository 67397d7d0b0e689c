#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "biossl/recipe/recipe.h"

namespace biossl {

/// One setting in which two recipes differ.
struct Difference {
  std::string key;    ///< "train.epochs", "network.blocks.0.channels"
  std::string one;    ///< value in `one`, as in TOML; "" if it has none
  std::string other;  ///< value in `other`
};

/// Settings on which no result depends.
inline constexpr std::array<std::string_view, 5> settings_without_effect{
    "name", "train.checkpoint_every", "train.keep_checkpoints", "probe.memory_gb", "data.memory_gb"};

/// The settings, sorted by key, in which two recipes differ and on which results depend. Names, published numbers, the
/// interval and the number of checkpoints, and the memory for images and for features do not count. This function
/// decides whether a run can continue with a recipe, whether a finished run belongs to a recipe, and how a reproduction
/// deviates from the published protocol.
std::vector<Difference> differences(const Recipe& one, const Recipe& other);

/// How a recipe differs from the one of a published number.
struct Deviations {
  std::vector<Difference> reduced;  ///< fewer epochs or images
  std::vector<Difference> changed;  ///< everything else except the seed
};
Deviations deviations(const Recipe& original, const Recipe& recipe);

/// "5 of 400 epochs a block", "1000 of all test images".
std::string describe_reduced(const Difference& difference);
/// "train.precision = "bfloat16" instead of "float32"".
std::string describe_changed(const Difference& difference);

}  // namespace biossl
