#pragma once

#include <span>
#include <string_view>

namespace biossl {

/// The text of a recipe that the build puts into the program.
struct ShippedText {
  std::string_view path;  ///< below recipes/, without .toml: "demo", "table1/random_encoder"
  std::string_view text;
};

/// All of them, in the order of their paths.
std::span<const ShippedText> shipped_recipe_texts();

}  // namespace biossl
