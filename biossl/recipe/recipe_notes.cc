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
    if (given == document_.sections.end()) return;
    for (const Field& field : fields) {
      if (field.unused.empty() || !given->second.entries.contains(field.name)) continue;
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
    const auto& component = RegistryType::instance().find(choice.kind);
    look(section, component.resolve(choice.settings), component.fields);
  }

  /// The sections of data sets that the recipe does not use.
  void look_at_data_sets(const DataRecipe& data) {
    const std::string prefix = data_section("");
    for (const auto& [section, table] : document_.sections) {
      if (!section.starts_with(prefix) || data.uses(section.substr(prefix.size()))) continue;
      notes_.push_back(fmt::format("[{}] changes nothing: neither data.pretrain nor data.probe nor data.test is {}",
                                   section, section.substr(prefix.size())));
    }
  }

  std::vector<std::string> take() { return std::move(notes_); }

 private:
  const TomlDocument& document_;
  std::vector<std::string> notes_;
};

/// The head's fields; a head that predicts uses none of them.
std::vector<Field> head_fields(const Recipe& recipe) {
  std::vector<Field> fields = list_fields(to_recipe(recipe.network.head));
  const std::string kind = head_kind(recipe);
  if (kind != "prediction" && kind != "patch_prediction") return fields;
  const char* predicted =
      kind == "prediction" ? "a whole map from another" : "the mean of a patch's map from another's";
  for (Field& field : fields) field.unused = fmt::format("loss {} predicts {}", recipe.loss.kind, predicted);
  return fields;
}

}  // namespace

std::vector<std::string> unused_settings(const TomlDocument& document, const Recipe& recipe) {
  UnusedSettings unused(document);
  unused.look("data", recipe.data);
  unused.look_at_data_sets(recipe.data);
  unused.look<ViewsRegistry>("views", recipe, "views.kind", recipe.views);
  unused.look("network.head", head_fields(recipe), list_fields(LinearHeadOptions{}));
  unused.look<LossRegistry>("loss", recipe, "loss.kind", recipe.loss);
  unused.look<RuleRegistry>("rule", recipe, "rule.kind", recipe.rule);
  unused.look<FeedbackRegistry>("feedback", recipe, "rule.feedback", recipe.feedback);
  unused.look("train", recipe.train);
  unused.look<OptimizerRegistry>("optimizer", recipe, "train.optimizer", recipe.optimizer);
  unused.look("probe", recipe.probe);
  return unused.take();
}

}  // namespace biossl
