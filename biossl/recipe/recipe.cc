#include "biossl/recipe/recipe.h"

#include <algorithm>
#include <cmath>

#include "biossl/core/error.h"
#include "biossl/core/file.h"
#include "biossl/core/text.h"
#include "biossl/data/dataset.h"
#include "biossl/network/block.h"
#include "biossl/network/head.h"
#include "biossl/optim/schedule.h"
#include "biossl/recipe/component_table.h"
#include "biossl/recipe/components.h"
#include "biossl/recipe/data_sections.h"
#include "biossl/recipe/old_names.h"
#include "biossl/recipe/overrides.h"
#include "biossl/recipe/recipe_sections.h"
#include "biossl/recipe/section_reader.h"
#include "biossl/recipe/shipped_texts.h"
#include "biossl/recipe/toml_document.h"
#include "biossl/recipe/unused_settings.h"
#include "biossl/recipe/written_classes.h"

namespace biossl {
namespace {

/// The keys above all tables.
struct TopRecipe {
  std::string name;
  std::int64_t seed = 1;

  template <class Visitor>
  void visit(Visitor& field) {
    field("name", name, "what the run is called");
    field("seed", seed, "of everything random");
  }
};

/// All sections but those of single data sets.
std::vector<std::string> section_names() {
  std::vector<std::string> names = naming_sections();
  for (const ComponentRow& row : component_table()) {
    if (row.choice != nullptr && std::ranges::count(names, row.section) == 0) names.emplace_back(row.section);
  }
  names.insert(names.end(), {"network.head", "probe", "published"});
  return names;
}

/// The key that chooses what a section is about; "" where there is none.
std::string key_of_kind(const std::string& section) {
  const auto& rows = component_table();
  const auto row = std::ranges::find(rows, section, &ComponentRow::section);
  return row == rows.end() ? "" : row->keys.front();
}

/// Converts a document to a recipe.
class RecipeReader : private SectionReader {
 public:
  /// text: what the document was read from; reading: as for parse_recipe.
  RecipeReader(const TomlDocument& document, const std::string& text, std::string origin,
               std::optional<ReadingTraits> reading)
      : SectionReader(document, std::move(origin)), text_(text), reading_(std::move(reading)) {}

  Recipe read() {
    check_names();
    Recipe recipe;
    recipe.name = name_of_file(origin_);
    recipe.reading = reading_;
    read_top(recipe);
    recipe.train = options<TrainRecipe>("train");
    recipe.probe = options<ProbeRecipe>("probe");
    if (document_.sections.contains("published")) recipe.published = read_published();
    read_data_sections(document_, text_, origin_, recipe);
    check_train(recipe.train);
    check_probe(recipe.probe);
    read_network(recipe);
    read_choices(recipe);
    read_head(recipe);
    recipe.notes = unused_settings(document_, recipe);
    return recipe;
  }

 private:
  void check_names() const {
    std::vector<std::string> known = section_names();
    for (const std::string& name : DatasetRegistry::instance().names()) known.push_back(data_section(name));
    for (const auto& [name, table] : document_.sections) {
      if (name.empty() || std::ranges::count(known, name) > 0) continue;
      if (name.starts_with(data_section("")) && (reading_ || table.entries.contains("kind"))) continue;
      const bool overridden = !table.entries.empty() && table.entries.begin()->second.overridden;
      fault({.value = {}, .where = table.where, .overridden = overridden},
            fmt::format(
                "there is no section [{}]{}{}", name, suggestion(name, known),
                name.starts_with(data_section("")) ? "; with a kind in it, it describes a data set of that name" : ""));
    }
    for (const auto& [name, tables] : document_.arrays) {
      if (name == "network.blocks") continue;
      fault({.value = {}, .where = tables.front().where},
            fmt::format("there is no list [[{}]]; did you mean [[network.blocks]]?", name));
    }
    for (const auto& [key, given] : section("").entries) check_top_key(key, given);
  }

  /// A key without its section is probably a mistake.
  void check_top_key(const std::string& key, const TomlEntry& given) const {
    if (key == "name" || key == "seed") return;
    const auto belongs = [&](const std::vector<Field>& fields, const char* name) {
      if (std::ranges::count(fields, key, &Field::name) == 0) return;
      fault(given, fmt::format("there is no key '{0}' outside of a section; did you mean '{1}.{0}'?", key, name));
    };
    belongs(list_fields(TrainRecipe{}), "train");
    belongs(list_fields(DataRecipe{}), "data");
    belongs(list_fields(ProbeRecipe{}), "probe");
    std::vector<std::string> known = section_names();
    if (std::ranges::count(known, key) > 0) {
      const std::string named_by = key_of_kind(key);
      fault(given, fmt::format("'{}' is a section of keys, not one{}", key,
                               named_by.empty() ? "" : fmt::format("; {} names its kind", named_by)));
    }
    known.insert(known.end(), {"name", "seed"});
    fault(given, fmt::format("there is no key '{}'{}", key, suggestion(key, known)));
  }

  void read_top(Recipe& recipe) const {
    const auto top = options<TopRecipe>("");
    require(top.seed >= 0, "", "seed", "must lie between 0 and 9223372036854775807");
    recipe.seed = static_cast<std::uint64_t>(top.seed);
    require(!top.name.empty() || !section("").entries.contains("name"), "", "name", "may not be empty");
    if (!top.name.empty()) recipe.name = top.name;
    const bool usable = recipe.name.find('/') == std::string::npos && std::ranges::none_of(recipe.name, is_control);
    require(usable, "", "name", "may hold no slash and no control characters: run directories are called so");
  }

  PublishedRecipe read_published() const {
    const auto published = options<PublishedRecipe>("published");
    require(published.accuracy > 0 && published.accuracy <= 100, "published", "accuracy",
            "must be a percentage, above 0 and up to 100");
    require(published.place >= 0, "published", "place", "may not be negative");
    return published;
  }

  void check_train(const TrainRecipe& train) const {
    require(train.epochs >= 0 && train.epochs <= 1'000'000'000, "train", "epochs", "must lie between 0 and 10^9");
    require(train.batch >= 1 && train.batch <= 1'000'000, "train", "batch", "must lie between 1 and 10^6");
    require(train.micro_batch >= 0, "train", "micro_batch", "may not be negative (0: the whole batch)");
    require(positive(train.learning_rate), "train", "learning_rate", "must be a positive number");
    at(entry("train", "schedule"), [&] { check_choice("train", "schedule", train.schedule, Schedule::names()); });
    require(train.warmup_epochs >= 0 && std::isfinite(train.warmup_epochs), "train", "warmup_epochs",
            "may not be negative");
    at(entry("train", "precision"), [&] {
      check_choice("train", "precision", train.precision, {"float32", "bfloat16", "tf32", "auto"});
    });
    require(train.checkpoint_every >= 0, "train", "checkpoint_every", "may not be negative (0: only at the end)");
    require(train.keep_checkpoints >= 0, "train", "keep_checkpoints", "may not be negative (0: all)");
  }

  void check_probe(const ProbeRecipe& probe) const {
    require(probe.epochs >= 0 && probe.epochs <= 1'000'000'000, "probe", "epochs", "must lie between 0 and 10^9");
    require(probe.batch >= 1 && probe.batch <= 1'000'000, "probe", "batch", "must lie between 1 and 10^6");
    require(positive(probe.learning_rate), "probe", "learning_rate", "must be a positive number");
    require(probe.labels > 0 && probe.labels <= 1, "probe", "labels", "must be a share above 0 and up to 1 (all)");
    require(is_share(probe.validation), "probe", "validation", "must be a share from 0 (none) up to, but not, 1");
    require(probe.knn >= 0 && probe.knn <= 1'000'000, "probe", "knn", "must lie between 0 (none) and 10^6");
    require(positive(probe.knn_temperature), "probe", "knn_temperature", "must be a positive number");
    at(entry("probe", "blocks"), [&] { check_choice("probe", "blocks", probe.blocks, {"last", "all"}); });
    at(entry("probe", "precision"), [&] {
      check_choice("probe", "precision", probe.precision, {"float32", "bfloat16", "auto"});
    });
    require(probe.padding >= 0 && probe.padding <= 4096, "probe", "padding", "must lie between 0 (none) and 4096");
    require(probe.memory_gb >= 0 && std::isfinite(probe.memory_gb), "probe", "memory_gb",
            "may not be negative (0: most of what is free)");
  }

  static bool positive(double number) { return std::isfinite(number) && number > 0; }
  static bool is_share(double number) { return number >= 0 && number < 1; }

  void read_network(Recipe& recipe) const {
    const bool names_preset = section("network").entries.contains("preset");
    if (const auto set = section("network").entries.find("blocks"); set != section("network").entries.end()) {
      fault(set->second,
            "blocks exclude a preset, and a change cannot bring them along; write them in the recipe as "
            "[[network.blocks]]; a block that is written there changes by its number, network.blocks.0.channels");
    }
    const auto chosen = options<NetworkRecipe>("network");
    const auto blocks = document_.arrays.find("network.blocks");
    if (blocks != document_.arrays.end()) {
      require(!names_preset, "network", "preset", "and [[network.blocks]] exclude each other; leave one out");
      require(chosen.width == 1, "network", "width", "changes a preset; write the channels of [[network.blocks]]");
      recipe.preset.clear();
      recipe.network = {};
      read_blocks(blocks->second, recipe.network);
    } else {
      if (names_preset) recipe.preset = chosen.preset;
      recipe.width = chosen.width;
      at(entry("network", "preset"), [&] { preset(recipe.preset); });
      at(entry("network", "width"), [&] { recipe.network = preset(recipe.preset, recipe.width); });
    }
  }

  void read_blocks(const std::vector<TomlSection>& tables, NetworkSpec& network) const {
    for (TomlSection table : tables) {
      const std::string kind = take_kind(table, "network.blocks", "convolution");
      if (kind != "convolution") {
        network.blocks.push_back(
            {.conv = {}, .kind = kind, .settings = component(registry_access<BlockRegistry>, kind, table)});
        continue;
      }
      const auto block = options<ConvolutionOptions>("network.blocks", table);
      const auto activation = table.entries.find("activation");
      const TomlEntry place = activation == table.entries.end() ? TomlEntry{} : activation->second;
      at(place, [&] { network.blocks.push_back(to_spec(block)); });
    }
  }

  /// What [network.head] says changes the preset's head, where that is of the kind "linear".
  void read_head(Recipe& recipe) const {
    HeadSpec& head = recipe.network.head;
    TomlSection table = section("network.head");
    head.kind = take_kind(table, "network.head", "auto");
    const std::string kind = head_kind(recipe);
    if (!holds_linear_head(kind)) {
      head.settings = component(registry_access<HeadRegistry>, kind, table);
      return;
    }
    options<LinearHeadOptions>("network.head", table);
    Settings settings = to_settings(list_fields(to_recipe(head)));
    for (const auto& [key, given] : table.entries) settings[key] = given.value;
    at(entry("network.head", "activation"),
       [&] { head = to_spec(read_options<LinearHeadOptions>("network.head", settings), head.kind); });
    require(head.features >= 1, "network.head", "features", "must be at least 1");
    require(head.average_pool >= 1, "network.head", "average_pool", "must be at least 1 (1: none)");
  }

  void read_choices(Recipe& recipe) const {
    recipe.optimizer.kind = recipe.train.optimizer;
    for (const ComponentRow& row : component_table()) {
      if (row.choice != nullptr) read_choice(row, recipe);
    }
  }

  /// Reads the name of a component and the settings in its section, where the keys that name components are not its
  /// own.
  void read_choice(const ComponentRow& row, Recipe& recipe) const {
    Choice& choice = recipe.*row.choice;
    const std::string named_in = row.naming_section();
    const TomlEntry named = entry(named_in, row.naming_key());
    if (section(named_in).entries.contains(row.naming_key())) {
      const auto* text = std::get_if<std::string>(&named.value);
      if (text == nullptr) fault(named, fmt::format("[{}] '{}' must be a text in quotes", named_in, row.naming_key()));
      choice.kind = *text;
    }
    TomlSection its = section(row.section);
    for (const ComponentRow* other : choices_named_in(row.section)) its.entries.erase(other->naming_key());
    if (note_absent(row, named, its, recipe)) {
      choice.settings = its.settings();
    } else {
      at(named, [&] { row.registry->find(choice.kind); });
      choice.settings = read_settings(row, choice.kind, its, recipe);
    }
  }

  /// Notes a component that a recipe for reading names and that is not registered with these settings. Returns whether
  /// it is so.
  bool note_absent(const ComponentRow& row, const TomlEntry& named, const TomlSection& its, Recipe& recipe) const {
    if (!reading_) return false;
    const std::string& name = (recipe.*row.choice).kind;
    const bool absent = is_absent(*row.registry, name, named);
    if (!absent && !has_other_options(*row.registry, name, named, its)) return false;
    recipe.absent.push_back({.key = row.keys.front(),
                             .what = row.registry->kind,
                             .name = name,
                             .comment = comment_of(text_, row.naming_section(), row.naming_key()),
                             .has_other_options = !absent});
    return true;
  }

  /// A component's settings, defaults filled in. It is made of each alone and of all, so that a fault names its line.
  static Settings read_settings(const ComponentRow& row, const std::string& kind, const TomlSection& its,
                                const Recipe& recipe) {
    const auto try_out = [&](const Settings& settings) {
      if (row.try_out != nullptr) row.try_out(recipe, {kind, settings});
    };
    for (const auto& [key, given] : its.entries) {
      const Settings alone{{key, given.value}};
      at(given, [&] {
        row.registry->resolve(kind, alone);
        try_out(alone);
      });
    }
    at({.value = {}, .where = its.where}, [&] { try_out(its.settings()); });
    return to_settings(row.registry->resolve(kind, its.settings()));
  }

  const std::string& text_;
  std::optional<ReadingTraits> reading_;
};

/// A run's recipe is written with every section, and one that was cut short must not pass for one with defaults.
void require_whole(const std::filesystem::path& of_run) {
  const std::string text = read_file(of_run);
  const TomlDocument document = parse_toml(text, of_run.string());
  const auto is_missing = [&](const std::string& name) { return !document.sections.contains(name); };
  std::vector<std::string> written = naming_sections();
  written.emplace_back("probe");
  const auto missing = std::ranges::find_if(written, is_missing);
  if (missing != written.end()) bad_input("{}: is damaged or cut short: it has no [{}]", of_run.string(), *missing);
  if (!text.ends_with('\n')) bad_input("{}: is damaged or cut short: its last line has no end", of_run.string());
}

/// Reads a recipe. A fault of one that names classes which are not registered says so.
Recipe read_document(const TomlDocument& document, const std::string& text, const std::string& origin,
                     const std::optional<ReadingTraits>& reading) {
  try {
    return RecipeReader(document, text, origin, reading).read();
  } catch (const BadInput& wrong) {
    const std::vector<std::string> absent = absent_classes(text, reading ? "network" : "");
    if (absent.empty()) throw;
    bad_input("{}; the recipe was written where the Python class {} was registered: import it first", wrong.what(),
              joined(absent, " and "));
  }
}

}  // namespace

std::string name_of_file(const std::filesystem::path& file) {
  std::string name = file.stem().string();
  std::ranges::replace_if(name, is_control, '\xFF');
  return valid_utf8(name);
}

Recipe parse_recipe(const std::string& text, const std::string& origin, const std::vector<Override>& overrides,
                    const std::optional<ReadingTraits>& reading) {
  TomlDocument document = parse_toml(text, origin);
  apply_overrides(document, overrides);
  std::vector<std::string> notes = replace_old_names(document);
  Recipe recipe = read_document(document, text, origin, reading);
  recipe.notes.insert(recipe.notes.begin(), notes.begin(), notes.end());
  return recipe;
}

Recipe read_recipe(const std::filesystem::path& file, const std::vector<Override>& overrides,
                   const std::optional<ReadingTraits>& reading) {
  std::error_code unknown;
  if (std::filesystem::is_directory(file, unknown)) {
    require_whole(file / "recipe.toml");
    return read_recipe(file / "recipe.toml", overrides, reading);
  }
  const std::filesystem::path source = file == "-" ? "/dev/stdin" : file;
  const std::string text = read_file(source);
  if (std::filesystem::is_regular_file(source, unknown)) return parse_recipe(text, source.string(), overrides, reading);
  // A pipe's number is no name for a run.
  const std::string origin = source.filename() == "stdin" ? "stdin" : "recipe";
  if (text.empty()) bad_input("{}: nothing came from {}", origin, source.string());
  return parse_recipe(text, origin, overrides, reading);
}

Recipe shipped_recipe(std::string_view path, const std::vector<Override>& overrides) {
  const auto texts = shipped_recipe_texts();
  const auto found = std::ranges::find(texts, path, &ShippedText::path);
  std::vector<std::string> names;
  for (const ShippedText& text : texts) names.emplace_back(text.path);
  check(found != texts.end(), "recipe", "no recipe '{}' is part of the program{}", path, suggestion(path, names));
  return parse_recipe(std::string(found->text), fmt::format("{}.toml", path), overrides);
}

Recipe demo_recipe(const std::vector<Override>& overrides) { return shipped_recipe("demo", overrides); }

}  // namespace biossl
