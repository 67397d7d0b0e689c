#pragma once

#include <span>
#include <string_view>

namespace biossl {

/// The text of a built-in recipe.
struct ShippedText {
  std::string_view path;  ///< below recipes/, without .toml: "demo", "table1/random_encoder"
  std::string_view text;
};

/// All built-in recipes, sorted by path.
std::span<const ShippedText> shipped_recipe_texts();

}  // namespace biossl
