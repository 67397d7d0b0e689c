#include "biossl/recipe/recipe.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "biossl/core/error.h"
#include "biossl/core/file.h"
#include "biossl/core/text.h"
#include "biossl/data/dataset.h"
#include "biossl/data/views.h"
#include "biossl/feedback/feedback.h"
#include "biossl/losses/loss.h"
#include "biossl/optim/optimizer.h"
#include "biossl/optim/schedule.h"
#include "biossl/recipe/components.h"
#include "biossl/recipe/data_sections.h"
#include "biossl/recipe/old_names.h"
#include "biossl/recipe/overrides.h"
#include "biossl/recipe/recipe_notes.h"
#include "biossl/recipe/recipe_sections.h"
#include "biossl/recipe/section_reader.h"
#include "biossl/recipe/shipped_texts.h"
#include "biossl/recipe/toml_document.h"
#include "biossl/recipe/written_classes.h"
#include "biossl/rules/rule.h"

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

const std::vector<std::string> section_names{"data",     "views", "network",   "network.head", "loss",     "rule",
                                             "feedback", "train", "optimizer", "probe",        "published"};

/// The key that chooses what a section is about; "" where there is none.
std::string key_of_kind(const std::string& section) {
  if (section == "views" || section == "loss" || section == "rule") return section + ".kind";
  if (section == "network") return "network.preset";
  if (section == "feedback") return "rule.feedback";
  if (section == "optimizer") return "train.optimizer";
  return section == "data" ? "data.pretrain" : "";
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
    std::vector<std::string> known = section_names;
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
    if (std::ranges::count(section_names, key) > 0) {
      const std::string named_by = key_of_kind(key);
      fault(given, fmt::format("'{}' is a section of keys, not one{}", key,
                               named_by.empty() ? "" : fmt::format("; {} names its kind", named_by)));
    }
    std::vector<std::string> known = section_names;
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
        network.blocks.push_back({.conv = {}, .kind = kind, .settings = component<BlockRegistry>(kind, table)});
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
      head.settings = component<HeadRegistry>(kind, table);
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
    const LossSetup shape{
        .batch = recipe.train.batch, .features = 1, .dtype = DType::float32, .device = Device::reference};
    const auto untried = [](const std::string&, const Settings&) {};
    choose<ViewsRegistry>("views", recipe, recipe.views, {}, untried);
    choose<LossRegistry>("loss", recipe, recipe.loss, {}, [&](const std::string& kind, const Settings& settings) {
      LossRegistry::instance().make(kind, settings, shape);
    });
    choose<RuleRegistry>("rule", recipe, recipe.rule, {"feedback"}, untried);
    const auto try_feedback = [](const std::string& kind, const Settings& settings) {
      FeedbackRegistry::instance().make(kind, settings);
    };
    choose_from<FeedbackRegistry>("feedback", "rule", "feedback", recipe, recipe.feedback, {}, try_feedback);
    recipe.optimizer.kind = recipe.train.optimizer;
    const auto try_optimizer = [](const std::string& kind, const Settings& settings) {
      OptimizerRegistry::instance().make(kind, settings);
    };
    choose_from<OptimizerRegistry>("optimizer", "train", "optimizer", recipe, recipe.optimizer, {}, try_optimizer);
  }

  template <class RegistryType, class Try>
  void choose(const char* name, Recipe& recipe, Choice& choice, std::vector<std::string> foreign,
              const Try& attempt) const {
    foreign.emplace_back("kind");
    choose_from<RegistryType>(name, name, "kind", recipe, choice, foreign, attempt);
  }

  /// Reads the component named by `kind_section`.`kind_key` and its settings in section `name`, where the `foreign`
  /// keys are not its own. `attempt` constructs it, if that needs no data, to find values out of range.
  template <class RegistryType, class Try>
  void choose_from(const char* name, const char* kind_section, const char* kind_key, Recipe& recipe, Choice& choice,
                   const std::vector<std::string>& foreign, const Try& attempt) const {
    const TomlSection& named_in = section(kind_section);
    if (const auto kind = named_in.entries.find(kind_key); kind != named_in.entries.end()) {
      const auto* text = std::get_if<std::string>(&kind->second.value);
      if (text == nullptr)
        fault(kind->second, fmt::format("[{}] '{}' must be a text in quotes", kind_section, kind_key));
      choice.kind = *text;
    }
    TomlSection its = section(name);
    std::erase_if(its.entries, [&](const auto& given) { return std::ranges::count(foreign, given.first) > 0; });
    const TomlEntry named = entry(kind_section, kind_key);
    const bool absent = reading_ && is_absent<RegistryType>(choice.kind, named);
    if (absent || (reading_ && has_other_options<RegistryType>(choice.kind, named, its))) {
      recipe.absent.push_back({.key = fmt::format("{}.{}", kind_section, kind_key),
                               .what = RegistryType::kind(),
                               .name = choice.kind,
                               .comment = comment_of(text_, kind_section, kind_key),
                               .has_other_options = !absent});
      choice.settings = its.settings();
      return;
    }
    const typename RegistryType::Entry* component = nullptr;
    at(entry(kind_section, kind_key), [&] { component = &RegistryType::instance().find(choice.kind); });
    Settings own;
    for (const auto& [key, given] : its.entries) {
      const Settings alone{{key, given.value}};
      at(given, [&] {
        component->resolve(alone);
        attempt(choice.kind, alone);
      });
      own[key] = given.value;
    }
    at({.value = {}, .where = its.where}, [&] { attempt(choice.kind, own); });
    choice.settings = to_settings(component->resolve(own));
  }

  const std::string& text_;
  std::optional<ReadingTraits> reading_;
};

/// A run's recipe is written with every section, and one that was cut short must not pass for one with defaults.
void require_whole(const std::filesystem::path& of_run) {
  const std::string text = read_file(of_run);
  const TomlDocument document = parse_toml(text, of_run.string());
  const auto is_missing = [&](const std::string& name) { return !document.sections.contains(name); };
  const std::array<std::string, 7> written{"data", "views", "network", "loss", "rule", "train", "probe"};
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
