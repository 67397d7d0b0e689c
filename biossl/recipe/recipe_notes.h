#pragma once

#include <string>
#include <vector>

#include "biossl/recipe/recipe.h"
#include "biossl/recipe/toml_document.h"

namespace biossl {

/// A line for every setting that the document gives another value than the usual one, although the recipe that was read
/// from it makes no use of it: "loss.recent = 9 changes nothing: negatives = "all" looks at the whole batch".
std::vector<std::string> unused_settings(const TomlDocument& document, const Recipe& recipe);

}  // namespace biossl
