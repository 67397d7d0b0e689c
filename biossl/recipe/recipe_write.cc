#include <fmt/format.h>

#include <algorithm>

#include "biossl/core/one_line.h"
#include "biossl/data/dataset.h"
#include "biossl/data/views.h"
#include "biossl/feedback/feedback.h"
#include "biossl/losses/loss.h"
#include "biossl/optim/optimizer.h"
#include "biossl/recipe/absent.h"
#include "biossl/recipe/components.h"
#include "biossl/recipe/recipe.h"
#include "biossl/recipe/recipe_sections.h"
#include "biossl/recipe/toml_document.h"
#include "biossl/rules/rule.h"

namespace biossl {
namespace {

constexpr std::size_t comment_column = 32;

class Writer {
 public:
  explicit Writer(const Recipe& recipe) : recipe_(recipe) {}

  /// name: as TOML has it (toml_key).
  void section(std::string_view name) { text_ += fmt::format("\n[{}]\n", name); }
  void list_element(const char* name) { text_ += fmt::format("\n[[{}]]\n", name); }
  void line(const std::string& key, const Value& value, const std::string& comment) {
    const std::string assignment = fmt::format("{} = {}", toml_key(key), to_toml(value));
    // A class of Python may say what it is in several lines.
    text_ += comment.empty() ? assignment + "\n"
                             : fmt::format("{:<{}}  # {}\n", assignment, comment_column, one_line(comment));
  }
  void lines(const std::vector<Field>& fields) {
    for (const Field& field : fields) line(field.name, field.value, field.comment);
  }
  /// The settings of a component that the recipe's key `named_by` names, with the comments from the registry.
  template <class RegistryType>
  void settings(std::string_view named_by, const Choice& choice) {
    if (absent_of(recipe_, named_by) == nullptr) {
      return lines(RegistryType::instance().find(choice.kind).resolve(choice.settings));
    }
    for (const auto& [key, value] : choice.settings) line(key, value, "");
  }
  /// A component's name, under the last word of the recipe's key `named_by`.
  template <class RegistryType>
  void kind(std::string_view named_by, const std::string& name) {
    const AbsentComponent* absent = absent_of(recipe_, named_by);
    line(std::string(named_by.substr(named_by.rfind('.') + 1)), name,
         absent != nullptr ? absent->comment : RegistryType::instance().find(name).summary);
  }
  std::string take() { return std::move(text_); }

 private:
  const Recipe& recipe_;
  std::string text_;
};

bool same(const std::vector<Field>& one, const std::vector<Field>& other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](const Field& a, const Field& b) { return a.name == b.name && a.value == b.value; });
}

bool any_set_is_absent(const Recipe& recipe) {
  return std::ranges::any_of(recipe.absent, [](const AbsentComponent& it) { return it.key.starts_with("data."); });
}

/// Omits image_size for data sets with a fixed size, and what is for images from files where there are none.
std::vector<Field> data_fields(const Recipe& recipe) {
  std::vector<Field> fields = list_fields(recipe.data);
  const auto traits = [&](const std::string& name) { return traits_of_data_set(recipe, name); };
  const bool own_sizes = traits(recipe.data.pretrain).has_own_size() && traits(recipe.data.probe).has_own_size();
  if (recipe.leaves_image_size || (own_sizes && !any_set_is_absent(recipe))) {
    std::erase_if(fields, [](const Field& field) { return field.name == "image_size"; });
  }
  const auto names = names_of_sets(recipe.data);
  if (std::ranges::none_of(names, [&](const std::string& name) { return traits(name).from_files; })) {
    std::erase_if(fields, [](const Field& field) {
      return field.name == "resize" || field.name == "crop" || field.name == "memory_gb";
    });
  }
  return fields;
}

/// What is of one data set alone, where there is something.
void write_data_set(Writer& writer, const Recipe& recipe, const std::string& name, const DataSetRecipe& set) {
  std::vector<Field> fields;
  const std::vector<Field> others = list_fields(recipe.data.all);
  for (const Field& field : list_fields(set.images)) {
    if (field.value != std::ranges::find(others, field.name, &Field::name)->value) fields.push_back(field);
  }
  if (fields.empty() && set.settings.empty() && name == set.kind) return;
  const std::string named_by = data_section(name) + ".kind";
  writer.section(written_data_section(name));
  if (name != set.kind) writer.kind<DatasetRegistry>(named_by, set.kind);
  writer.lines(fields);
  writer.settings<DatasetRegistry>(named_by, {set.kind, set.settings});
}

/// The head's kind where the recipe names one, and its options; nothing where they are those of the preset.
void write_head(Writer& writer, const Recipe& recipe) {
  const HeadSpec& head = recipe.network.head;
  const std::string kind = head_kind(recipe);
  const bool registered = !holds_linear_head(kind);
  const std::vector<Field> fields =
      registered ? HeadRegistry::instance().find(kind).resolve(head.settings) : list_fields(to_recipe(head));
  // The preset's own head is omitted, so that an override can choose another preset.
  if (!registered && head.kind == "auto" && !recipe.preset.empty() &&
      same(fields, list_fields(to_recipe(preset(recipe.preset).head)))) {
    return;
  }
  writer.section("network.head");
  if (head.kind != "auto") writer.kind<HeadRegistry>("network.head.kind", head.kind);
  writer.lines(fields);
}

void write_network(Writer& writer, const Recipe& recipe) {
  writer.section("network");
  if (!recipe.preset.empty()) {
    std::vector<Field> fields = list_fields(NetworkRecipe{.preset = recipe.preset, .width = recipe.width});
    fields.front().comment = preset_summary(recipe.preset);
    writer.lines(fields);
  }
  write_head(writer, recipe);
  if (!recipe.preset.empty()) return;
  for (const BlockSpec& block : recipe.network.blocks) {
    writer.list_element("network.blocks");
    if (block.kind == "convolution") {
      writer.lines(list_fields(to_recipe(block)));
      continue;
    }
    const auto& component = BlockRegistry::instance().find(block.kind);
    writer.line("kind", block.kind, component.summary);
    writer.lines(component.resolve(block.settings));
  }
}

/// The settings of a component that another section names; omitted if it has none.
template <class RegistryType>
void write_settings(Writer& writer, const char* name, std::string_view named_by, const Choice& choice) {
  if (choice.settings.empty()) return;
  writer.section(name);
  writer.settings<RegistryType>(named_by, choice);
}

}  // namespace

std::string to_toml(const Recipe& recipe) {
  Writer writer(recipe);
  writer.line("name", recipe.name, "");
  writer.line("seed", static_cast<std::int64_t>(recipe.seed), "of everything random");
  writer.section("data");
  writer.lines(data_fields(recipe));
  for (const auto& [name, set] : recipe.data_sets) write_data_set(writer, recipe, name, set);
  writer.section("views");
  writer.kind<ViewsRegistry>("views.kind", recipe.views.kind);
  writer.settings<ViewsRegistry>("views.kind", recipe.views);
  write_network(writer, recipe);
  writer.section("loss");
  writer.kind<LossRegistry>("loss.kind", recipe.loss.kind);
  writer.settings<LossRegistry>("loss.kind", recipe.loss);
  writer.section("rule");
  writer.kind<RuleRegistry>("rule.kind", recipe.rule.kind);
  writer.kind<FeedbackRegistry>("rule.feedback", recipe.feedback.kind);
  writer.settings<RuleRegistry>("rule.kind", recipe.rule);
  write_settings<FeedbackRegistry>(writer, "feedback", "rule.feedback", recipe.feedback);
  writer.section("train");
  writer.lines(list_fields(recipe.train));
  write_settings<OptimizerRegistry>(writer, "optimizer", "train.optimizer", recipe.optimizer);
  writer.section("probe");
  writer.lines(list_fields(recipe.probe));
  if (recipe.published) {
    writer.section("published");
    writer.lines(list_fields(*recipe.published));
  }
  return writer.take();
}

}  // namespace biossl
