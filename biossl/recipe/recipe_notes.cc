#include "biossl/recipe/recipe_notes.h"

#include <fmt/format.h>

#include <algorithm>

#include "biossl/data/dataset.h"
#include "biossl/data/views.h"
#include "biossl/feedback/feedback.h"
#include "biossl/optim/optimizer.h"
#include "biossl/recipe/absent.h"
#include "biossl/recipe/components.h"
#include "biossl/recipe/recipe_sections.h"

namespace biossl {
namespace {

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
  /// key: of the recipe, which names the component.
  template <class RegistryType>
  void look(const std::string& section, const Recipe& recipe, std::string_view key, const Choice& choice) {
    if (absent_of(recipe, key) != nullptr) return;
    look<RegistryType>(section, choice.kind, choice.settings);
  }
  template <class RegistryType>
  void look(const std::string& section, const std::string& kind, const Settings& settings) {
    const auto& component = RegistryType::instance().find(kind);
    look(section, component.resolve(settings), component.fields);
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
      if (DatasetRegistry::instance().entries().contains(set->second.kind)) {
        look<DatasetRegistry>(section, set->second.kind, set->second.settings);
      }
    }
  }

  std::vector<std::string> take() { return std::move(notes_); }

 private:
  const TomlDocument& document_;
  std::vector<std::string> notes_;
};

/// The fields of a linear head; a head that predicts uses none of them.
std::vector<Field> linear_head_fields(const Recipe& recipe, const std::string& kind) {
  std::vector<Field> fields = list_fields(to_recipe(recipe.network.head));
  if (kind == "linear") return fields;
  const char* predicted =
      kind == "prediction" ? "a whole map from another" : "the mean of a patch's map from another's";
  for (Field& field : fields) field.unused = fmt::format("loss {} predicts {}", recipe.loss.kind, predicted);
  return fields;
}

}  // namespace

std::vector<std::string> unused_settings(const TomlDocument& document, const Recipe& recipe) {
  UnusedSettings unused(document);
  unused.look("data", recipe.data);
  unused.look_at_data_sets(recipe);
  unused.look<ViewsRegistry>("views", recipe, "views.kind", recipe.views);
  unused.look_at_blocks(recipe.network);
  const std::string head = head_kind(recipe);
  if (holds_linear_head(head)) {
    unused.look("network.head", linear_head_fields(recipe, head), list_fields(LinearHeadOptions{}));
  } else {
    unused.look<HeadRegistry>("network.head", head, recipe.network.head.settings);
  }
  unused.look<LossRegistry>("loss", recipe, "loss.kind", recipe.loss);
  unused.look<RuleRegistry>("rule", recipe, "rule.kind", recipe.rule);
  unused.look<FeedbackRegistry>("feedback", recipe, "rule.feedback", recipe.feedback);
  unused.look("train", recipe.train);
  unused.look<OptimizerRegistry>("optimizer", recipe, "train.optimizer", recipe.optimizer);
  unused.look("probe", recipe.probe);
  return unused.take();
}

}  // namespace biossl
