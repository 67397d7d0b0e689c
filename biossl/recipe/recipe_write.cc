#include <fmt/format.h>

#include <algorithm>

#include "biossl/data/dataset.h"
#include "biossl/data/views.h"
#include "biossl/feedback/feedback.h"
#include "biossl/losses/loss.h"
#include "biossl/optim/optimizer.h"
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
  void section(const char* name) { text_ += fmt::format("\n[{}]\n", name); }
  void list_element(const char* name) { text_ += fmt::format("\n[[{}]]\n", name); }
  void line(const std::string& key, const Value& value, const std::string& comment) {
    const std::string assignment = fmt::format("{} = {}", key, to_toml(value));
    text_ += comment.empty() ? assignment + "\n" : fmt::format("{:<{}}  # {}\n", assignment, comment_column, comment);
  }
  void lines(const std::vector<Field>& fields) {
    for (const Field& field : fields) line(field.name, field.value, field.comment);
  }
  /// A component's settings, with the comments from the registry.
  template <class RegistryType>
  void settings(const Choice& choice) {
    lines(RegistryType::instance().find(choice.kind).resolve(choice.settings));
  }
  template <class RegistryType>
  void kind(const char* key, const Choice& choice) {
    line(key, choice.kind, RegistryType::instance().find(choice.kind).summary);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

bool same(const std::vector<Field>& one, const std::vector<Field>& other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](const Field& a, const Field& b) { return a.name == b.name && a.value == b.value; });
}

/// Omits image_size for data sets with a fixed size, and what is for images from files where there are none.
std::vector<Field> data_fields(const Recipe& recipe) {
  std::vector<Field> fields = list_fields(recipe.data);
  const auto traits = [&](const std::string& name) { return traits_of_data_set(recipe, name); };
  if (traits(recipe.data.pretrain).has_own_size() && traits(recipe.data.probe).has_own_size()) {
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
void write_data_set(Writer& writer, const std::string& name, const DataSetRecipe& set, const ImageRecipe& usual) {
  std::vector<Field> fields;
  const std::vector<Field> others = list_fields(usual);
  for (const Field& field : list_fields(set.images)) {
    if (field.value != std::ranges::find(others, field.name, &Field::name)->value) fields.push_back(field);
  }
  const auto& kind = DatasetRegistry::instance().find(set.kind);
  if (fields.empty() && kind.fields.empty() && name == set.kind) return;
  writer.section(data_section(name).c_str());
  if (name != set.kind) writer.line("kind", set.kind, kind.summary);
  writer.lines(fields);
  writer.settings<DatasetRegistry>({set.kind, set.settings});
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
  if (head.kind != "auto") writer.line("kind", head.kind, HeadRegistry::instance().find(head.kind).summary);
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
void write_settings(Writer& writer, const char* name, const Choice& choice) {
  if (choice.settings.empty()) return;
  writer.section(name);
  writer.settings<RegistryType>(choice);
}

}  // namespace

std::string to_toml(const Recipe& recipe) {
  Writer writer;
  writer.line("name", recipe.name, "");
  writer.line("seed", static_cast<std::int64_t>(recipe.seed), "of everything random");
  writer.section("data");
  writer.lines(data_fields(recipe));
  for (const auto& [name, set] : recipe.data_sets) write_data_set(writer, name, set, recipe.data.all);
  writer.section("views");
  writer.kind<ViewsRegistry>("kind", recipe.views);
  writer.settings<ViewsRegistry>(recipe.views);
  write_network(writer, recipe);
  writer.section("loss");
  writer.kind<LossRegistry>("kind", recipe.loss);
  writer.settings<LossRegistry>(recipe.loss);
  writer.section("rule");
  writer.kind<RuleRegistry>("kind", recipe.rule);
  writer.kind<FeedbackRegistry>("feedback", recipe.feedback);
  writer.settings<RuleRegistry>(recipe.rule);
  write_settings<FeedbackRegistry>(writer, "feedback", recipe.feedback);
  writer.section("train");
  writer.lines(list_fields(recipe.train));
  write_settings<OptimizerRegistry>(writer, "optimizer", recipe.optimizer);
  writer.section("probe");
  writer.lines(list_fields(recipe.probe));
  if (recipe.published) {
    writer.section("published");
    writer.lines(list_fields(*recipe.published));
  }
  return writer.take();
}

}  // namespace biossl
