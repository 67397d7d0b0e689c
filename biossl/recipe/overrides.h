#pragma once

#include <vector>

#include "biossl/recipe/recipe.h"
#include "biossl/recipe/toml_document.h"

namespace biossl {

/// Writes the values of --set into a document. An override that chooses another component (loss.kind, network.preset,
/// …) removes the file's settings for the old one. Throws std::invalid_argument for an invalid key.
void apply_overrides(TomlDocument& document, const std::vector<Override>& overrides);

}  // namespace biossl
