#pragma once

#include <string>

#include "biossl/recipe/recipe.h"
#include "biossl/recipe/toml_document.h"

namespace biossl {

/// Reads [data] and the sections [data.NAME] of a document into recipe.data and recipe.data_sets; where the recipe is
/// for reading, data sets may be absent. `text` is what the document was read from, `origin` its name. Throws as
/// read_recipe does.
void read_data_sections(const TomlDocument& document, const std::string& text, const std::string& origin,
                        Recipe& recipe);

}  // namespace biossl
