#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "biossl/recipe/recipe.h"

// A table is a set of recipes, one per published number: a built-in folder of recipes/, or any folder of recipes.

namespace biossl {

/// A recipe of a table, not yet read.
struct TableRecipe {
  std::string name;                                          ///< the file's; TABLE-NAME if names collide
  std::function<Recipe(const std::vector<Override>&)> read;  ///< throws like read_recipe
};

/// The built-in tables: "comparisons", "pairs", "table1", "table2".
std::vector<std::string> shipped_tables();

/// The built-in recipe for this published number; std::nullopt if there is none.
std::optional<Recipe> shipped_recipe_of(const PublishedRecipe& published);

/// The name of a table: "table1"; for a folder, the folder's name.
std::filesystem::path name_of_table(const std::string& table);

/// The recipes of all these tables or folders, with unique names in valid UTF-8. Throws std::invalid_argument for an
/// unknown table or for recipes whose names collide even with their tables' names; BadInput for a folder without
/// recipes.
std::vector<TableRecipe> find_tables(const std::vector<std::string>& tables);

}  // namespace biossl
