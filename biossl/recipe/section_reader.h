#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "biossl/core/error.h"
#include "biossl/core/settings.h"
#include "biossl/recipe/component_table.h"
#include "biossl/recipe/toml_document.h"

namespace biossl {

/// Reads sections of a document into options. Every key is first read alone, so that an error names its line.
class SectionReader {
 protected:
  SectionReader(const TomlDocument& document, std::string origin)
      : document_(document), origin_(std::move(origin)), nothing_{.entries = {}, .where = origin_} {}

  /// Throws for a fault at one position of the recipe.
  [[noreturn]] static void fault(const TomlEntry& entry, const std::string& what) {
    const std::string text = fmt::format("{}: {}", entry.where, what);
    if (entry.overridden) throw std::invalid_argument(text);
    throw BadInput(text);
  }

  /// Calls read() and reports its std::invalid_argument at the entry.
  template <class Read>
  static void at(const TomlEntry& entry, const Read& read) {
    try {
      read();
    } catch (const std::invalid_argument& wrong) {
      fault(entry, wrong.what());
    }
  }

  static Settings to_settings(const std::vector<Field>& fields) {
    Settings settings;
    for (const Field& field : fields) settings[field.name] = field.value;
    return settings;
  }

  const TomlSection& section(const std::string& name) const {
    const auto found = document_.sections.find(name);
    return found == document_.sections.end() ? nothing_ : found->second;
  }

  /// A key's entry; if it is absent, an empty one with the position of its section.
  TomlEntry entry(const std::string& name, const std::string& key) const {
    const TomlSection& table = section(name);
    const auto found = table.entries.find(key);
    return found == table.entries.end() ? TomlEntry{.value = {}, .where = table.where} : found->second;
  }

  template <class Options>
  Options options(const std::string& name, const TomlSection& table) const {
    const std::string shown = name.empty() ? "recipe" : name;
    for (const auto& entry : table.entries) {
      at(entry.second, [&] { read_options<Options>(shown, {{entry.first, entry.second.value}}); });
    }
    return read_options<Options>(shown, table.settings());
  }
  template <class Options>
  Options options(const std::string& name) const {
    return options<Options>(name, section(name));
  }

  void require(bool condition, const char* name, const char* key, std::string_view what) const {
    if (condition) return;
    const TomlSection& table = section(name);
    const auto given = table.entries.find(key);
    const std::string value = given == table.entries.end() ? "" : fmt::format(" = {}", to_toml(given->second.value));
    const std::string in = *name == '\0' ? "" : fmt::format("[{}] ", name);
    fault(entry(name, key), fmt::format("{}{}{} {}", in, key, value, what));
  }

  /// The kind that a table names, which is taken out of it.
  std::string take_kind(TomlSection& table, const char* name, const std::string& otherwise) const {
    const auto given = table.entries.find("kind");
    if (given == table.entries.end()) return otherwise;
    const auto* text = std::get_if<std::string>(&given->second.value);
    if (text == nullptr) fault(given->second, fmt::format("[{}] 'kind' must be a text in quotes", name));
    std::string kind = *text;
    table.entries.erase(given);
    return kind;
  }

  /// The settings of a component of this kind, defaults filled in.
  static Settings component(const RegistryAccess& registry, const std::string& kind, const TomlSection& table) {
    at({.value = {}, .where = table.where}, [&] { registry.find(kind); });
    for (const auto& entry : table.entries) {
      at(entry.second, [&] { registry.resolve(kind, {{entry.first, entry.second.value}}); });
    }
    return to_settings(registry.resolve(kind, table.settings()));
  }

  /// Whether a component that a recipe for reading names may be missing. A name that --set gives must be registered.
  static bool is_absent(const RegistryAccess& registry, const std::string& name, const TomlEntry& given) {
    return !given.overridden && !registry.contains(name);
  }
  /// The same of what is registered but does not take the settings, of which none comes from --set: the options of a
  /// component of one's own have changed since the run.
  static bool has_other_options(const RegistryAccess& registry, const std::string& name, const TomlEntry& given,
                                const TomlSection& table) {
    const auto overridden = [](const auto& entry) { return entry.second.overridden; };
    if (given.overridden || std::ranges::any_of(table.entries, overridden)) return false;
    try {
      registry.resolve(name, table.settings());
      return false;
    } catch (const std::invalid_argument&) {
      return true;
    }
  }

  const TomlDocument& document_;
  std::string origin_;
  TomlSection nothing_;
};

}  // namespace biossl
