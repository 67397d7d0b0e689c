#include "biossl/reproduction/recipe_tables.h"

#include <algorithm>
#include <map>
#include <set>

#include "biossl/core/error.h"
#include "biossl/core/text.h"
#include "biossl/core/wording.h"
#include "biossl/recipe/shipped_texts.h"

namespace biossl {
namespace {

std::vector<TableRecipe> shipped_table(const std::string& table) {
  std::vector<TableRecipe> recipes;
  for (const ShippedText& shipped : shipped_recipe_texts()) {
    const std::filesystem::path path(shipped.path);
    if (path.parent_path() != table) continue;
    const auto read = [path](const std::vector<Override>& changes) { return shipped_recipe(path.string(), changes); };
    recipes.push_back({.name = path.filename(), .read = read});
  }
  return recipes;
}

std::vector<TableRecipe> folder_of_recipes(const std::filesystem::path& folder) {
  std::vector<TableRecipe> recipes;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    // Files of other programs begin with a dot: "._NAME.toml" of macOS, ".#NAME.toml" of an editor.
    if (file.path().extension() != ".toml" || file.path().filename().string().starts_with(".")) continue;
    if (file.is_directory()) continue;
    const auto read = [path = file.path()](const std::vector<Override>& changes) { return read_recipe(path, changes); };
    recipes.push_back({.name = name_of_file(file.path()), .read = read});
  }
  if (recipes.empty()) bad_input("{}: holds no recipes (*.toml)", folder.string());
  std::ranges::sort(recipes, {}, &TableRecipe::name);
  return recipes;
}

std::vector<TableRecipe> find_table(const std::string& table) {
  if (std::ranges::count(shipped_tables(), table) > 0) return shipped_table(table);
  if (std::filesystem::is_directory(table)) return folder_of_recipes(table);
  const std::string meant =
      table.find('=') == std::string::npos
          ? suggestion(table, shipped_tables())
          : fmt::format("; to change a value write {}", wording::option("set", shell_quoted(table)));
  throw std::invalid_argument(fmt::format("there is no table and no folder '{}'{}", table, meant));
}

/// Names that occur more than once.
std::vector<std::string> repeated_names(const std::vector<TableRecipe>& recipes) {
  std::map<std::string, int> counts;
  for (const TableRecipe& recipe : recipes) ++counts[recipe.name];
  std::erase_if(counts, [](const auto& entry) { return entry.second == 1; });
  std::vector<std::string> names;
  for (const auto& [name, count] : counts) names.push_back(name);
  return names;
}

}  // namespace

std::vector<std::string> shipped_tables() {
  std::set<std::string> tables;
  for (const ShippedText& shipped : shipped_recipe_texts()) {
    tables.insert(std::filesystem::path(shipped.path).parent_path());
  }
  tables.erase("");  // recipes without a table
  return {tables.begin(), tables.end()};
}

std::optional<Recipe> shipped_recipe_of(const PublishedRecipe& published) {
  for (const ShippedText& shipped : shipped_recipe_texts()) {
    if (std::string_view(shipped.text).find(published.source) == std::string_view::npos) continue;
    const Recipe recipe = shipped_recipe(shipped.path);
    const auto& own = recipe.published;
    if (own && own->source == published.source && own->place == published.place) return recipe;
  }
  return std::nullopt;
}

std::filesystem::path name_of_table(const std::string& table) {
  const std::filesystem::path path = std::filesystem::absolute(table).lexically_normal();
  return path.has_filename() ? path.filename() : path.parent_path().filename();
}

std::vector<TableRecipe> find_tables(const std::vector<std::string>& tables) {
  std::vector<TableRecipe> all;
  std::vector<std::string> of_table;
  for (const std::string& table : tables) {
    for (TableRecipe& recipe : find_table(table)) {
      all.push_back(std::move(recipe));
      of_table.push_back(valid_utf8(name_of_table(table).string()));
    }
  }
  const std::vector<std::string> repeated = repeated_names(all);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (std::ranges::count(repeated, all[i].name) > 0) all[i].name = fmt::format("{}-{}", of_table[i], all[i].name);
  }
  for (const std::string& name : repeated_names(all)) {
    throw std::invalid_argument(fmt::format("two recipes are called '{}'; their runs would share a directory", name));
  }
  return all;
}

}  // namespace biossl
