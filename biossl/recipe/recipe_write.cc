#include <fmt/format.h>

#include <algorithm>

#include "biossl/core/one_line.h"
#include "biossl/data/dataset.h"
#include "biossl/network/head.h"
#include "biossl/recipe/absent.h"
#include "biossl/recipe/component_table.h"
#include "biossl/recipe/components.h"
#include "biossl/recipe/recipe.h"
#include "biossl/recipe/recipe_sections.h"
#include "biossl/recipe/toml_document.h"

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
  void settings(const RegistryAccess& registry, std::string_view named_by, const Choice& choice) {
    if (absent_of(recipe_, named_by) == nullptr) return lines(registry.resolve(choice.kind, choice.settings));
    for (const auto& [key, value] : choice.settings) line(key, value, "");
  }
  /// A component's name, under the last word of the recipe's key `named_by`.
  void kind(const RegistryAccess& registry, std::string_view named_by, const std::string& name) {
    const AbsentComponent* absent = absent_of(recipe_, named_by);
    line(std::string(named_by.substr(named_by.rfind('.') + 1)), name,
         absent != nullptr ? absent->comment : registry.find(name).summary);
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
  if (name != set.kind) writer.kind(registry_access<DatasetRegistry>, named_by, set.kind);
  writer.lines(fields);
  writer.settings(registry_access<DatasetRegistry>, named_by, {set.kind, set.settings});
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
  if (head.kind != "auto") writer.kind(registry_access<HeadRegistry>, "network.head.kind", head.kind);
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

void write_data(Writer& writer, const Recipe& recipe) {
  writer.section("data");
  writer.lines(data_fields(recipe));
  for (const auto& [name, set] : recipe.data_sets) write_data_set(writer, recipe, name, set);
}

/// A section that names components, and their settings: in the section itself or in one of their own, which is omitted
/// if there are none.
void write_choices(Writer& writer, const Recipe& recipe, const std::string& section) {
  writer.section(section);
  const std::vector<const ComponentRow*> rows = choices_named_in(section);
  if (section == "train") {
    writer.lines(list_fields(recipe.train));  // the optimiser's name is one of them
  } else {
    for (const ComponentRow* row : rows) writer.kind(*row->registry, row->keys.front(), (recipe.*row->choice).kind);
  }
  for (const ComponentRow* row : rows) {
    const Choice& choice = recipe.*row->choice;
    if (row->section != section) {
      if (choice.settings.empty()) continue;
      writer.section(row->section);
    }
    writer.settings(*row->registry, row->keys.front(), choice);
  }
}

}  // namespace

std::string to_toml(const Recipe& recipe) {
  Writer writer(recipe);
  writer.line("name", recipe.name, "");
  writer.line("seed", static_cast<std::int64_t>(recipe.seed), "of everything random");
  for (const std::string& section : naming_sections()) {
    if (section == "data") {
      write_data(writer, recipe);
    } else if (section == "network") {
      write_network(writer, recipe);
    } else {
      write_choices(writer, recipe, section);
    }
  }
  writer.section("probe");
  writer.lines(list_fields(recipe.probe));
  if (recipe.published) {
    writer.section("published");
    writer.lines(list_fields(*recipe.published));
  }
  return writer.take();
}

}  // namespace biossl
