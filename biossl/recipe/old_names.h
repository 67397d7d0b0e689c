#pragma once

#include <string>
#include <vector>

#include "biossl/recipe/toml_document.h"

namespace biossl {

/// Renames keys and values of older versions of biossl. Returns a line for each: "train.chunk is called
/// train.micro_batch now". Throws BadInput if a recipe has a key under both names.
std::vector<std::string> replace_old_names(TomlDocument& document);

}  // namespace biossl
