#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "biossl/recipe/recipe.h"

// A table is a set of recipes, one a number: those below a folder of recipes/, which are part of the program, or any
// folder of recipes.

namespace biossl {

/// A recipe of a table, not read yet.
struct TableRecipe {
  std::string name;                                          ///< the file's; where two are alike, TABLE-NAME
  std::function<Recipe(const std::vector<Override>&)> read;  ///< throws as read_recipe does
};

/// The tables that are part of the program: "comparisons", "table1".
std::vector<std::string> shipped_tables();

/// The recipe of the program for this published number; nothing where there is none.
std::optional<Recipe> shipped_recipe_of(const PublishedRecipe& published);

/// What a table is called: "table1"; a folder by its own name.
std::filesystem::path name_of_table(const std::string& table);

/// The recipes of all these tables or folders, each under a name of its own, as valid UTF-8. Throws
/// std::invalid_argument for a table that does not exist and for recipes that not even their tables' names tell apart,
/// BadInput for a folder without recipes.
std::vector<TableRecipe> find_tables(const std::vector<std::string>& tables);

}  // namespace biossl
