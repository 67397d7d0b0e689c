#include "biossl/runs/run_differences.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>

#include "biossl/core/wording.h"
#include "biossl/recipe/toml_document.h"

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

void require_same_memory(const std::filesystem::path& run, const Recipe& before, const Recipe& now) {
  std::vector<Difference> found = differences(before, now);
  std::erase_if(found, [](const Difference& it) { return !is_handed_over(it.key); });
  refuse_differences(run, found);
}

}  // namespace biossl
