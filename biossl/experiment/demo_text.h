#pragma once

#include <string_view>

namespace biossl {

/// The text of recipes/demo.toml, which the build puts into the program.
std::string_view demo_recipe_text();

}  // namespace biossl
