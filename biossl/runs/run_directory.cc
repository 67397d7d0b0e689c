#include "biossl/runs/run_directory.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "biossl/core/atomic_file.h"
#include "biossl/core/error.h"
#include "biossl/core/file.h"
#include "biossl/core/folder_lock.h"
#include "biossl/core/one_line.h"
#include "biossl/core/text.h"
#include "biossl/core/wording.h"
#include "biossl/io/json_text.h"
#include "biossl/recipe/recipe_difference.h"
#include "biossl/runs/environment.h"
#include "biossl/runs/run_differences.h"

namespace biossl {
namespace {

using OrderedJson = nlohmann::ordered_json;

bool is_known(const auto& /*value*/) { return true; }
bool is_known(const std::string& value) { return !value.empty(); }
bool is_known(const std::vector<Health>& value) { return !value.empty(); }
bool is_known(const std::optional<double>& value) { return value.has_value(); }

/// Its fields; those that are always there, and of the others those that are known.
OrderedJson fields_of(const auto& record);

OrderedJson field_json(const auto& value) { return value; }
OrderedJson field_json(const std::optional<double>& value) { return *value; }
OrderedJson field_json(const std::vector<Health>& value) {
  OrderedJson json = OrderedJson::array();
  for (const Health& health : value) json.push_back(fields_of(health));
  return json;
}

OrderedJson fields_of(const auto& record) {
  OrderedJson json;
  visit_fields(record, [&](const char* name, const auto& value, Presence presence) {
    if (presence == Presence::always || is_known(value)) json[name] = field_json(value);
  });
  return json;
}

/// Reads every field; those that need not be there keep their defaults. Throws OrderedJson::exception.
void read_fields(const OrderedJson& json, auto& record);

void read_field(const OrderedJson& json, auto& value) { json.get_to(value); }
void read_field(const OrderedJson& json, std::optional<double>& value) { value = json.get<double>(); }
void read_field(const OrderedJson& json, std::vector<Health>& value) {
  for (const OrderedJson& entry : json) read_fields(entry, value.emplace_back());
}

void read_fields(const OrderedJson& json, auto& record) {
  visit_fields(record, [&](const char* name, auto& value, Presence presence) {
    if (presence == Presence::always || json.contains(name)) read_field(json.at(name), value);
  });
}

/// std::nullopt for a damaged line.
std::optional<EpochMetrics> parse_metrics(const std::string& line) {
  const OrderedJson json = try_parse_ordered_json(line);
  if (!json.is_object()) return std::nullopt;
  try {
    EpochMetrics metrics;
    read_fields(json, metrics);
    return metrics;
  } catch (const OrderedJson::exception&) {
    return std::nullopt;
  }
}

std::string to_line(const EpochMetrics& metrics) {
  OrderedJson json = fields_of(metrics);
  if (metrics.health.empty()) json.erase("health_seconds");
  return json_text(json) + "\n";
}

/// One entry of environment.json.
OrderedJson environment_of(const Recipe& recipe, Device device) {
  OrderedJson environment = describe_environment(device);
  environment["precision"] = recipe.train.precision;
  return environment;
}

/// The JSON object in a file; empty if the file is missing or damaged.
OrderedJson read_json(const std::filesystem::path& path) {
  if (!std::filesystem::is_regular_file(path)) return OrderedJson::object();
  OrderedJson json = try_parse_ordered_json(read_file(path));
  return json.is_object() ? json : OrderedJson::object();
}

/// "RUN.failure.txt", for a run that failed before its directory was made.
std::filesystem::path note_beside(const std::filesystem::path& directory) {
  return (directory / "").parent_path() += ".failure.txt";
}

/// Inside the run's directory if it exists, so that both are removed together.
std::filesystem::path failure_file(const std::filesystem::path& directory) {
  return std::filesystem::is_directory(directory) ? directory / "failure.txt" : note_beside(directory);
}

/// Whether nothing is in a folder but what a run leaves that ends before its recipe is written.
bool holds_no_run(const std::filesystem::path& folder) {
  std::error_code fault;
  std::filesystem::directory_iterator entries(folder, fault);
  if (fault) return false;
  return std::all_of(entries, {}, [&](const std::filesystem::directory_entry& entry) {
    const std::string name = entry.path().filename().string();
    if (entry.is_symlink(fault)) return false;
    if (name == "checkpoints") return entry.is_directory(fault) && std::filesystem::is_empty(entry.path(), fault);
    return (name == "failure.txt" || name == "recipe.toml.writing") && entry.is_regular_file(fault);
  });
}

/// The text of recipe.toml. Throws BadInput where it could not be read again, before a run is begun that nobody could
/// go on with.
std::string readable_text(const Recipe& recipe) {
  std::string text = to_toml(recipe);
  parse_recipe(text, fmt::format("recipe '{}' as it would be stored", one_line(recipe.name)), {}, recipe.reading);
  return text;
}

void forget_failure(const std::filesystem::path& directory) {
  std::error_code unimportant;
  for (const auto& note : {failure_file(directory), note_beside(directory)}) {
    std::filesystem::remove(note, unimportant);
  }
}

}  // namespace

std::filesystem::path RunDirectory::usual_path(const Recipe& recipe) {
  return std::filesystem::path("runs") / fmt::format("{}-seed{}", recipe.name, recipe.seed);
}

bool RunDirectory::is_free(const std::filesystem::path& path) {
  if (!std::filesystem::exists(std::filesystem::symlink_status(path))) return true;
  return std::filesystem::is_directory(path) && holds_no_run(path);
}

void RunDirectory::require_free(const std::filesystem::path& path) {
  if (is_free(path)) return require_writable_folder(path);
  const bool may_be_run = std::filesystem::is_directory(path);
  throw std::invalid_argument(
      fmt::format("{} exists{}; choose another directory with {}{}", path.string(),
                  may_be_run ? "" : " and is no directory", wording::option("out"),
                  may_be_run ? fmt::format(", or go on with that run with {}", wording::flag("resume")) : ""));
}

RunDirectory RunDirectory::create(const std::filesystem::path& path, const Recipe& recipe, Device device) {
  require_free(path);
  const std::string text = readable_text(recipe);
  const bool is_new = !std::filesystem::exists(path);
  RunDirectory directory(path);
  std::filesystem::create_directories(directory.checkpoints());
  directory.lock_ = std::make_shared<const FolderLock>(path);
  require_free(path);  // another process may have made its run here before the lock
  try {
    directory.begin(text, recipe, device);
  } catch (...) {
    std::error_code unimportant;
    for (const std::filesystem::path& made :
         {directory.environment_file(), directory.recipe_file(), directory.checkpoints()}) {
      std::filesystem::remove(made, unimportant);
    }
    if (is_new) std::filesystem::remove(path, unimportant);
    throw;
  }
  return directory;
}

void RunDirectory::begin(const std::string& recipe_text, const Recipe& recipe, Device device) const {
  forget_failure(path_);
  write_file(recipe_file(), recipe_text);
  write_json(environment_file(), environment_of(recipe, device));
}

RunDirectory RunDirectory::open(const std::filesystem::path& path) {
  RunDirectory directory(path);
  if (!std::filesystem::is_regular_file(directory.recipe_file())) {
    bad_input("{}: is no run directory; it holds no recipe.toml", path.string());
  }
  return directory;
}

RunDirectory RunDirectory::open_alone(const std::filesystem::path& path) {
  RunDirectory directory = open(path);
  for (const std::filesystem::path& folder : {path, directory.checkpoints()}) require_writable_folder(folder);
  directory.lock_ = std::make_shared<const FolderLock>(path);
  for (const std::filesystem::path& folder : {path, directory.checkpoints()}) remove_unfinished_files(folder);
  forget_failure(path);
  return directory;
}

void RunDirectory::require_continues(const Recipe& recipe, Device device, Epochs epochs) const {
  require_same_run(path_, read_recipe(path_, {}, recipe.reading), recipe, device, epochs == Epochs::free);
}

void RunDirectory::adopt(const Recipe& recipe, Device device, Epochs epochs) const {
  require_continues(recipe, device, epochs);
  const Recipe before = read_recipe(path_, {}, recipe.reading);
  // Results must match the stored settings.
  if (!differences(before, recipe).empty()) remove_results();
  if (to_toml(before) != to_toml(recipe)) write_file(recipe_file(), to_toml(recipe));
}

void RunDirectory::add_environment(const Recipe& recipe, Device device, std::int64_t epoch) const {
  OrderedJson file = read_json(environment_file());
  OrderedJson& resumed = file["resumed"];
  if (!resumed.is_array()) resumed = OrderedJson::array();
  OrderedJson last = resumed.empty() ? file : resumed.back();
  last.erase("resumed");
  last.erase("epoch");
  OrderedJson now = environment_of(recipe, device);
  if (nlohmann::json(last) == nlohmann::json(now)) return;
  now["epoch"] = epoch;
  resumed.push_back(now);
  write_json(environment_file(), file);
}

void RunDirectory::remove_results() const {
  std::filesystem::remove(summary_file());
  std::filesystem::remove(probe_file());
}

void RunDirectory::add_metrics(const EpochMetrics& metrics) const { append_to_file(metrics_file(), to_line(metrics)); }

void RunDirectory::cut_metrics(std::int64_t epoch) const {
  if (!std::filesystem::exists(metrics_file())) return;
  std::string kept;
  std::ifstream file(metrics_file());
  for (std::string line; std::getline(file, line);) {
    // As it stands: another version may know keys that this one does not.
    if (const auto metrics = parse_metrics(line); metrics && metrics->epoch <= epoch) kept += line + "\n";
  }
  write_file(metrics_file(), kept);
}

std::vector<EpochMetrics> RunDirectory::metrics() const {
  std::vector<EpochMetrics> lines;
  std::ifstream file(metrics_file());
  for (std::string line; std::getline(file, line);) {
    if (const auto metrics = parse_metrics(line)) lines.push_back(*metrics);
  }
  return lines;
}

void note_failure(const std::filesystem::path& directory, std::string_view failure) {
  write_file(failure_file(directory), valid_utf8(failure) + "\n");
}

std::string read_failure(const std::filesystem::path& directory) {
  if (!std::filesystem::is_regular_file(failure_file(directory))) return "";
  const std::string text = read_file(failure_file(directory));
  return text.substr(0, text.find('\n'));
}

void write_json(const std::filesystem::path& path, const OrderedJson& json) {
  write_file(path, indented_json_text(json));
}

}  // namespace biossl
