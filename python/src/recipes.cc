#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <functional>
#include <string>
#include <tuple>
#include <vector>

#include "biossl/recipe/components.h"
#include "biossl/recipe/recipe.h"
#include "biossl/recipe/recipe_difference.h"
#include "biossl/recipe/shipped_texts.h"
#include "biossl/runs/checkpoint.h"
#include "biossl/runs/description.h"
#include "src/module.h"

namespace biossl::python {
namespace {

/// Key, value as TOML, and the argument that stands for it, which may be "".
using Changes = std::vector<std::tuple<std::string, std::string, std::string>>;

std::vector<Override> overrides_of(const Changes& changes) {
  std::vector<Override> overrides;
  for (const auto& [key, value, argument] : changes) {
    overrides.push_back({.key = key, .value = value, .option = argument});
  }
  return overrides;
}

std::string repr(const Recipe& recipe) {
  const std::string network = recipe.preset.empty() ? "of the recipe's own" : recipe.preset;
  return fmt::format("Recipe('{}': rule {}, loss {}, views {} of {}, network {}, {} epochs, batches of {}, seed {})",
                     recipe.name, recipe.rule.kind, recipe.loss.kind, recipe.views.kind, recipe.data.pretrain, network,
                     recipe.train.epochs, recipe.train.batch, recipe.seed);
}

std::vector<std::string> shipped_names() {
  std::vector<std::string> names;
  for (const ShippedText& text : shipped_recipe_texts()) names.emplace_back(text.path);
  return names;
}

}  // namespace

void bind_recipes(nb::module_& module) {
  nb::class_<Recipe> recipe(module, "Recipe", "A recipe that has been read and checked.");
  recipe.def_ro("name", &Recipe::name)
      .def_ro("seed", &Recipe::seed)
      .def_prop_ro(
          "is_for_reading", [](const Recipe& self) { return !self.absent.empty(); },
          "Whether it names components that are not registered here, so that it serves to read a network alone.")
      .def_ro("notes", &Recipe::notes, "One line for each setting that was given and has no effect beside the others.")
      .def_prop_ro(
          "batch", [](const Recipe& self) { return self.train.batch; }, "Pairs of views in a step.")
      .def_prop_ro(
          "reads_labels", [](const Recipe& self) { return trial_loss(self)->reads_labels(); },
          "Whether its loss reads the images' labels.")
      .def("__repr__", &repr)
      .def(
          "__eq__", [](const Recipe& self, const Recipe& other) { return to_toml(self) == to_toml(other); },
          nb::is_operator())
      .def("__hash__", [](const Recipe& self) { return std::hash<std::string>()(to_toml(self)); })
      .def(
          "to_toml", [](const Recipe& self) { return to_toml(self); }, "The recipe with all defaults, as TOML.");
  const nb::arg_v changes = nb::arg("changes") = Changes{};
  module.def(
      "recipe_from_file",
      [](const std::filesystem::path& path, const Changes& those) { return read_recipe(path, overrides_of(those)); },
      nb::arg("path"), changes);
  module.def(
      "recipe_of_run", [](const std::filesystem::path& path) { return read_recipe_of_run(path); }, nb::arg("path"),
      "The recipe of a run directory, for reading its network.");
  module.def(
      "recipe_of_checkpoint",
      [](const std::filesystem::path& path) { return open_checkpoint(path, [](std::string_view) {}).recipe(); },
      nb::arg("path"), "The recipe of a checkpoint, or of a run directory's newest one.");
  module.def(
      "recipe_from_text",
      [](const std::string& text, const std::string& origin, const Changes& those) {
        return parse_recipe(text, origin, overrides_of(those));
      },
      nb::arg("text"), nb::arg("origin"), changes);
  module.def(
      "shipped_recipe",
      [](const std::string& name, const Changes& those) { return shipped_recipe(name, overrides_of(those)); },
      nb::arg("name"), changes);
  module.def(
      "describe",
      [](const Recipe& self, const std::filesystem::path& data) {
        return to_text(describe(self, {.data = data, .device = Device::cpu}));
      },
      nb::arg("recipe"), nb::arg("data"), "What a recipe is, as text.");
  module.def(
      "settings_without_effect",
      [] { return std::vector<std::string>(settings_without_effect.begin(), settings_without_effect.end()); },
      "Settings on which no result depends.");
  module.def("shipped_recipes", &shipped_names, "The names of the built-in recipes.");
}

}  // namespace biossl::python
