#pragma once

#include <string>

#include "biossl/recipe/recipe.h"
#include "biossl/recipe/toml_document.h"

namespace biossl {

/// Reads [data] and the sections [data.NAME] of a document into recipe.data and recipe.data_sets. `origin` names the
/// document. Throws as read_recipe does.
void read_data_sections(const TomlDocument& document, const std::string& origin, Recipe& recipe);

}  // namespace biossl
