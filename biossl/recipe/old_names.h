#pragma once

#include <string>
#include <vector>

#include "biossl/recipe/toml_document.h"

namespace biossl {

/// Gives keys and values that an older version of biossl called differently their present names. Returns a line for
/// each: "train.chunk is called train.micro_batch now". Throws BadInput where a recipe has a key under both names.
std::vector<std::string> replace_old_names(TomlDocument& document);

}  // namespace biossl
