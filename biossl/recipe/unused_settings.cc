#include "biossl/recipe/unused_settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "biossl/data/dataset.h"
#include "biossl/network/block.h"
#include "biossl/network/head.h"
#include "biossl/recipe/absent.h"
#include "biossl/recipe/component_table.h"
#include "biossl/recipe/components.h"
#include "biossl/recipe/recipe_sections.h"

namespace biossl {
namespace {

/// The fields of a linear head; a head that predicts uses none of them.
std::vector<Field> linear_head_fields(const Recipe& recipe, const std::string& kind) {
  std::vector<Field> fields = list_fields(to_recipe(recipe.network.head));
  const char* predicted = HeadRegistry::instance().find(kind).traits.predicts;
  if (predicted == nullptr) return fields;
  for (Field& field : fields) field.unused = fmt::format("loss {} predicts {}", recipe.loss.kind, predicted);
  return fields;
}

class UnusedSettings {
 public:
  explicit UnusedSettings(const TomlDocument& document) : document_(document) {}

  /// fields: the values of a section; usual: its defaults.
  void look(const std::string& section, const std::vector<Field>& fields, const std::vector<Field>& usual) {
    const auto given = document_.sections.find(section);
    if (given != document_.sections.end()) look(section, given->second, fields, usual);
  }
  void look(const std::string& section, const TomlSection& given, const std::vector<Field>& fields,
            const std::vector<Field>& usual) {
    for (const Field& field : fields) {
      if (field.unused.empty() || !given.entries.contains(field.name)) continue;
      const auto other = std::ranges::find(usual, field.name, &Field::name);
      if (other != usual.end() && other->value == field.value) continue;
      notes_.push_back(
          fmt::format("{}.{} = {} changes nothing: {}", section, field.name, to_toml(field.value), field.unused));
    }
  }
  template <class Options>
  void look(const std::string& section, const Options& options) {
    look(section, list_fields(options), list_fields(Options{}));
  }
  void look(const std::string& section, const RegistryAccess& registry, const Choice& choice) {
    look(section, registry.resolve(choice.kind, choice.settings), registry.find(choice.kind).fields);
  }
  /// The components that keys of this section name.
  void look_at_choices(const std::string& section, const Recipe& recipe) {
    for (const ComponentRow* row : choices_named_in(section)) {
      if (absent_of(recipe, row->keys.front()) != nullptr) continue;
      look(row->section, *row->registry, recipe.*row->choice);
    }
  }

  /// [[network.blocks]]
  void look_at_blocks(const NetworkSpec& network) {
    const auto given = document_.arrays.find("network.blocks");
    if (given == document_.arrays.end()) return;
    for (std::size_t index = 0; index < given->second.size(); ++index) {
      const BlockSpec& block = network.blocks[index];
      const auto& component = BlockRegistry::instance().find(block.kind);
      const std::vector<Field> fields =
          block.kind == "convolution" ? list_fields(to_recipe(block)) : component.resolve(block.settings);
      look(fmt::format("network.blocks.{}", index), given->second[index], fields, component.fields);
    }
  }

  /// [network.head]
  void look_at_head(const Recipe& recipe) {
    const std::string kind = head_kind(recipe);
    if (holds_linear_head(kind)) {
      look("network.head", linear_head_fields(recipe, kind), list_fields(LinearHeadOptions{}));
    } else {
      look("network.head", registry_access<HeadRegistry>, {kind, recipe.network.head.settings});
    }
  }

  /// The sections of data sets, some of which the recipe may not use.
  void look_at_data_sets(const Recipe& recipe) {
    const std::string prefix = data_section("");
    for (const auto& [section, table] : document_.sections) {
      if (!section.starts_with(prefix)) continue;
      const std::string name = section.substr(prefix.size());
      if (!recipe.data.uses(name)) {
        notes_.push_back(fmt::format("[{}] changes nothing: neither data.pretrain nor data.probe nor data.test is {}",
                                     section, name));
        continue;
      }
      const auto set = recipe.data_sets.find(name);
      if (set == recipe.data_sets.end()) continue;
      look(section, set->second.images);
      const RegistryAccess& registry = registry_access<DatasetRegistry>;
      if (registry.contains(set->second.kind)) look(section, registry, {set->second.kind, set->second.settings});
    }
  }

  std::vector<std::string> take() { return std::move(notes_); }

 private:
  const TomlDocument& document_;
  std::vector<std::string> notes_;
};

}  // namespace

std::vector<std::string> unused_settings(const TomlDocument& document, const Recipe& recipe) {
  UnusedSettings unused(document);
  for (const std::string& section : naming_sections()) {
    if (section == "data") {
      unused.look(section, recipe.data);
      unused.look_at_data_sets(recipe);
    } else if (section == "network") {
      unused.look_at_blocks(recipe.network);
      unused.look_at_head(recipe);
    } else {
      if (section == "train") unused.look(section, recipe.train);
      unused.look_at_choices(section, recipe);
    }
  }
  unused.look("probe", recipe.probe);
  return unused.take();
}

}  // namespace biossl
