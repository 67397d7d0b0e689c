#include "biossl/runs/run_differences.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>

#include "biossl/core/wording.h"
#include "biossl/recipe/toml_document.h"
#include "biossl/runs/precision.h"

namespace biossl {
namespace {

/// The difference that says most: another component has other settings too.
const Difference& first_told(const std::vector<Difference>& found) {
  const auto kind = std::ranges::find_if(found, [](const Difference& it) { return it.key.ends_with(".kind"); });
  return kind == found.end() ? found.front() : *kind;
}

/// Whether a setting stands for something that was handed over in memory.
bool is_handed_over(std::string_view key) {
  return key == "views.function" || key == "views.arrays" || key == "data.memory.name";
}

/// What can be done where a run was started with another value of this key.
std::string way_on(std::string_view key, const std::filesystem::path& run) {
  if (is_handed_over(key)) {
    return fmt::format("go on with the same {}, or start a new run from its weights: {} and another {}",
                       key.starts_with("views") ? "views" : "images",
                       wording::setting("train.from", to_toml(Value(run.string()))), wording::option("out"));
  }
  const char* rule = key == "train.epochs"
                         ? "its number of epochs can change only under train.schedule = \"constant\" and a rule that "
                           "does not train one block after the other"
                         : "it can only go on as it began";
  return fmt::format("{} (choose another {})", rule, wording::option("out"));
}

}  // namespace

void refuse_differences(const std::filesystem::path& run, const std::vector<Difference>& found) {
  if (found.empty()) return;
  const auto& [key, before, now] = first_told(found);
  const auto shown = [&key = key](const std::string& value) {
    return value.empty() ? "without " + key : fmt::format("with {} = {}", key, value);
  };
  throw std::invalid_argument(
      fmt::format("{} was started {}, not {}; {}", run.string(), shown(before), shown(now), way_on(key, run)));
}

void require_same_run(const std::filesystem::path& run, Recipe before, const Recipe& recipe, Device device,
                      bool epochs_are_free) {
  before.data.probe = recipe.data.probe;
  before.data.probe_images = recipe.data.probe_images;
  before.data.test_images = recipe.data.test_images;
  before.data.test = recipe.data.test;
  // Where the probe reads the images to learn from, the share for the test decides which of them are left.
  const bool shares =
      before.data.pretrain == recipe.data.probe && (before.data.test_share > 0 || recipe.data.test_share > 0);
  if (!shares) before.data.test_share = recipe.data.test_share;
  before.probe = recipe.probe;
  if (epochs_are_free) before.train.epochs = recipe.train.epochs;
  const auto pretrain = before.data_sets.extract(before.data.pretrain);
  before.data_sets = recipe.data_sets;
  if (!pretrain.empty()) before.data_sets[pretrain.key()] = pretrain.mapped();
  if (!can_train(before.train.precision, device)) before.train.precision = recipe.train.precision;
  refuse_differences(run, differences(before, recipe));
}

void require_same_memory(const std::filesystem::path& run, const Recipe& before, const Recipe& now) {
  std::vector<Difference> found = differences(before, now);
  std::erase_if(found, [](const Difference& it) { return !is_handed_over(it.key); });
  refuse_differences(run, found);
}

}  // namespace biossl
