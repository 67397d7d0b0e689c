#include "biossl/recipe/recipe_difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "biossl/recipe/toml_document.h"

namespace biossl {
namespace {

/// A setting that is part of the budget.
struct Amount {
  const char* key;
  const char* text;  ///< "{} of {} …"
  bool zero_is_all;
};

constexpr Amount amounts[] = {{"train.epochs", "{} of {} epochs a block", false},
                              {"probe.epochs", "probe of {} of {} epochs", false},
                              {"data.images", "{} of {} training images", true},
                              {"data.probe_images", "{} of {} images for the probe", true},
                              {"data.test_images", "{} of {} test images", true}};

const Amount* amount_of(const Difference& difference) {
  const auto* found = std::ranges::find(amounts, difference.key, &Amount::key);
  return found == std::end(amounts) ? nullptr : found;
}

/// Every setting by its dotted key, in TOML.
std::map<std::string, std::string> flatten(const Recipe& recipe) {
  const TomlDocument document = parse_toml(to_toml(recipe), recipe.name);
  std::map<std::string, std::string> settings;
  const auto add = [&](const std::string& prefix, const TomlSection& section) {
    for (const auto& [key, entry] : section.entries) settings[prefix + key] = to_toml(entry.value);
  };
  for (const auto& [name, section] : document.sections) {
    if (name != "published") add(name.empty() ? "" : name + ".", section);
  }
  for (const auto& [name, sections] : document.arrays) {
    for (std::size_t i = 0; i < sections.size(); ++i) add(fmt::format("{}.{}.", name, i), sections[i]);
  }
  for (const std::string_view key : settings_without_effect) settings.erase(std::string(key));
  return settings;
}

bool is_reduced(const Difference& difference) {
  const Amount* amount = amount_of(difference);
  if (amount == nullptr) return false;
  const std::int64_t one = std::stoll(difference.one);
  const std::int64_t other = std::stoll(difference.other);
  if (!amount->zero_is_all) return other < one;
  return other != 0 && (one == 0 || other < one);
}

}  // namespace

std::vector<Difference> differences(const Recipe& one, const Recipe& other) {
  const auto ones = flatten(one);
  const auto others = flatten(other);
  std::set<std::string> keys;
  for (const auto* settings : {&ones, &others}) {
    for (const auto& [key, value] : *settings) keys.insert(key);
  }
  const auto value = [](const std::map<std::string, std::string>& settings, const std::string& key) {
    const auto found = settings.find(key);
    return found == settings.end() ? std::string() : found->second;
  };
  std::vector<Difference> found;
  for (const std::string& key : keys) {
    const Difference difference{.key = key, .one = value(ones, key), .other = value(others, key)};
    if (difference.one != difference.other) found.push_back(difference);
  }
  return found;
}

Deviations deviations(const Recipe& original, const Recipe& recipe) {
  Deviations found;
  for (const Difference& difference : differences(original, recipe)) {
    if (difference.key == "seed") continue;
    (is_reduced(difference) ? found.reduced : found.changed).push_back(difference);
  }
  return found;
}

std::string describe_reduced(const Difference& difference) {
  const Amount* amount = amount_of(difference);
  const bool all = amount->zero_is_all && difference.one == "0";
  return fmt::format(fmt::runtime(amount->text), difference.other, all ? "all" : difference.one);
}

std::string describe_changed(const Difference& difference) {
  const auto shown = [](const std::string& value) { return value.empty() ? "nothing" : value; };
  return fmt::format("{} = {} instead of {}", difference.key, shown(difference.other), shown(difference.one));
}

}  // namespace biossl
