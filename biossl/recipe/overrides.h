#pragma once

#include <vector>

#include "biossl/recipe/recipe.h"
#include "biossl/recipe/toml_document.h"

namespace biossl {

/// Writes --set's values into a recipe's text tree. Choosing another component (loss.kind, network.preset, …) takes the
/// settings that the file had for the old one away. Throws std::invalid_argument for a key that cannot be one.
void apply_overrides(TomlDocument& document, const std::vector<Override>& overrides);

}  // namespace biossl
