#pragma once

#include <string>
#include <vector>

#include "biossl/recipe/recipe.h"
#include "biossl/recipe/toml_document.h"

namespace biossl {

/// One line per setting that the document changes from its default although the recipe does not use it: "loss.recent =
/// 9 changes nothing: negatives = "all" looks at the whole batch".
std::vector<std::string> unused_settings(const TomlDocument& document, const Recipe& recipe);

}  // namespace biossl
