#include "biossl/recipe/overrides.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "biossl/core/error.h"
#include "biossl/core/text.h"
#include "biossl/core/wording.h"
#include "biossl/recipe/component_table.h"

namespace biossl {
namespace {

/// The override in the words of the front end: "--set train.epochs=5", "--seed 2".
std::string where_of(const Override& change) {
  return valid_utf8(wording::to_string(change.option.empty() ? wording::setting(change.key, change.value)
                                                             : wording::option(change.option, change.value)));
}

/// A key that chooses a component.
struct Selector {
  std::string section;
  std::string key;
  std::string usual;     ///< the default
  std::string settings;  ///< the section of the component's settings
};

std::vector<Selector> make_selectors() {
  const Recipe usual;
  std::vector<Selector> all{{"network", "preset", usual.preset, "network"}};
  for (const ComponentRow& row : component_table()) {
    if (row.choice == nullptr) continue;
    all.push_back({row.naming_section(), row.naming_key(), (usual.*row.choice).kind, row.section});
  }
  return all;
}

const std::vector<Selector>& selectors() {
  static const std::vector<Selector> all = make_selectors();
  return all;
}

bool is_preset(const Selector& selector) { return selector.section == "network"; }

/// Removes the settings of the component that another one replaces.
void forget_settings(TomlDocument& document, const Selector& selector) {
  if (is_preset(selector)) {
    document.arrays.erase("network.blocks");
    document.sections.erase("network.head");
    return;
  }
  if (selector.settings != selector.section) {
    document.sections.erase(selector.settings);
    return;
  }
  const auto names_component = [&](const std::string& key) {
    return std::ranges::any_of(
        selectors(), [&](const Selector& other) { return other.section == selector.section && other.key == key; });
  };
  std::erase_if(document.sections[selector.section].entries,
                [&](const auto& entry) { return !names_component(entry.first); });
}

/// The section and key of "network.head.features"; the section is "" for a key above all tables.
std::pair<std::string, std::string> split(const std::string& dotted) {
  const std::size_t dot = dotted.rfind('.');
  if (dot == std::string::npos) return {"", dotted};
  return {dotted.substr(0, dot), dotted.substr(dot + 1)};
}

const Selector* selector_of(const std::string& section, const std::string& key) {
  for (const Selector& selector : selectors()) {
    if (section == selector.section && key == selector.key) return &selector;
  }
  return nullptr;
}

std::string chosen(const TomlDocument& document, const Selector& selector) {
  const auto section = document.sections.find(selector.section);
  if (section == document.sections.end()) return selector.usual;
  const auto entry = section->second.entries.find(selector.key);
  if (entry == section->second.entries.end()) {
    const bool written_out = is_preset(selector) && document.arrays.contains("network.blocks");
    return written_out ? "" : selector.usual;
  }
  const auto* text = std::get_if<std::string>(&entry->second.value);
  return text == nullptr ? "" : *text;
}

/// The block named by "network.blocks.2"; null for another section.
TomlSection* block_of(TomlDocument& document, const std::string& section, const Override& change) {
  const std::string prefix = "network.blocks.";
  if (!section.starts_with(prefix)) return nullptr;
  const std::string_view number = std::string_view(section).substr(prefix.size());
  std::size_t index = 0;
  const auto [end, fault] = std::from_chars(number.data(), number.data() + number.size(), index);
  if (fault != std::errc() || end != number.data() + number.size()) {
    throw std::invalid_argument(where_of(change) + ": a block is chosen by its number, network.blocks.0.channels");
  }
  const auto blocks = document.arrays.find("network.blocks");
  const std::size_t count = blocks == document.arrays.end() ? 0 : blocks->second.size();
  if (index >= count) {
    throw std::invalid_argument(
        fmt::format("{}: the recipe writes {} blocks out, counted from 0", where_of(change), count));
  }
  return &blocks->second[index];
}

void apply(TomlDocument& document, const Override& change) {
  const auto [name, key] = split(change.key);
  if (key.empty()) throw std::invalid_argument(where_of(change) + ": the key is missing, as in train.epochs");
  TomlSection* section = block_of(document, name, change);
  if (section == nullptr) {
    section = &document.sections[name];
    if (section->where.empty()) section->where = where_of(change);
  }
  section->entries[key] = {.value = parse_toml_value(change.value), .where = where_of(change), .overridden = true};
}

void check_text(const Override& change) {
  if (is_utf8(change.key) && is_utf8(change.value)) return;
  throw std::invalid_argument(where_of(change) + ": is not UTF-8 text");
}

/// Two values for one key are probably a mistake.
void refuse_repeated(const std::vector<Override>& overrides) {
  for (auto change = overrides.begin(); change != overrides.end(); ++change) {
    const auto first = std::ranges::find(overrides, change->key, &Override::key);
    if (first == change) continue;
    throw std::invalid_argument(
        fmt::format("{} and {} set the same value; leave one out", where_of(*first), where_of(*change)));
  }
}

}  // namespace

void apply_overrides(TomlDocument& document, const std::vector<Override>& overrides) {
  std::ranges::for_each(overrides, check_text);
  refuse_repeated(overrides);
  // Choices first, so that settings beside them belong to the new component.
  for (const Override& change : overrides) {
    const auto [section, key] = split(change.key);
    const Selector* selector = selector_of(section, key);
    if (selector == nullptr) continue;
    const std::string before = chosen(document, *selector);
    apply(document, change);
    if (chosen(document, *selector) == before) continue;
    forget_settings(document, *selector);
    apply(document, change);
  }
  for (const Override& change : overrides) {
    const auto [section, key] = split(change.key);
    if (selector_of(section, key) == nullptr) apply(document, change);
  }
}

}  // namespace biossl
