#include "biossl/recipe/toml_document.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "biossl/core/error.h"
#include "biossl/core/one_line.h"
#include "biossl/core/text.h"
#include "biossl/recipe/toml_depth.h"

namespace biossl {
namespace {

std::string place(const std::string& origin, const toml::node& node) {
  return fmt::format("{}:{}", origin, node.source().begin.line);
}

[[noreturn]] void refuse_depth(const std::string& where) {
  bad_input("{}: is nested more than {} deep; the longest keys of a recipe are as network.head.features", where,
            most_toml_levels);
}

std::optional<Value> scalar(const toml::node& node) {
  if (const auto* boolean = node.as_boolean()) return Value(boolean->get());
  if (const auto* whole = node.as_integer()) return Value(std::int64_t{whole->get()});
  if (const auto* real = node.as_floating_point()) return Value(real->get());
  if (const auto* text = node.as_string()) return Value(text->get());
  return std::nullopt;
}

/// Converts toml++'s tree to a document.
class Collector {
 public:
  Collector(TomlDocument& document, const std::string& origin) : document_(document), origin_(origin) {}

  void collect(const toml::table& table, const std::string& name, std::size_t level = 0) {
    if (level > most_toml_levels) refuse_depth(place(origin_, table));
    const auto [at, is_new] = document_.sections.try_emplace(name);
    if (!is_new) {
      bad_input("{}: there is [{}] twice, once with a name in quotes that holds a dot; call one of them otherwise",
                place(origin_, table), one_line(name));
    }
    TomlSection& section = at->second;
    section.where = place(origin_, table);
    const std::string prefix = name.empty() ? "" : name + ".";
    for (const auto& [key, node] : table) {
      const std::string full = prefix + std::string(key.str());
      if (const auto* inner = node.as_table()) {
        collect(*inner, full, level + 1);
      } else if (const auto* array = node.as_array()) {
        collect_array(*array, full);
      } else {
        section.entries[std::string(key.str())] = entry(node, full);
      }
    }
  }

 private:
  TomlEntry entry(const toml::node& node, const std::string& name) const {
    const std::optional<Value> value = scalar(node);
    if (!value) bad_input("{}: '{}' must be a number, a text, true or false", place(origin_, node), name);
    return {.value = *value, .where = place(origin_, node)};
  }

  void collect_array(const toml::array& array, const std::string& name) {
    std::vector<TomlSection>& sections = document_.arrays[name];
    for (const toml::node& element : array) {
      const toml::table* table = element.as_table();
      if (table == nullptr) bad_input("{}: '{}' may not be a list of values", place(origin_, element), name);
      TomlSection section{.entries = {}, .where = place(origin_, element)};
      for (const auto& [key, node] : *table) section.entries[std::string(key.str())] = entry(node, std::string(key));
      sections.push_back(std::move(section));
    }
    if (sections.empty()) bad_input("{}: '{}' is empty", place(origin_, array), name);
  }

  TomlDocument& document_;
  const std::string& origin_;
};

/// Whether it begins as UTF-16 does: with a mark, or with letters that have a zero byte each.
bool is_utf16(std::string_view text) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) return true;
  if (text.size() < 4) return false;
  const auto zero = [&](std::size_t byte) { return text[byte] == '\0'; };
  return zero(0) == zero(2) && zero(1) == zero(3) && zero(0) != zero(1);
}

/// Rejects what is no UTF-8 text with a clear message; toml++ would name a byte.
void check_encoding(std::string_view text, const std::string& origin) {
  if (is_utf16(text)) bad_input("{}: is UTF-16 text; save it as UTF-8", origin);
  if (text.find('\0') != std::string_view::npos) {
    bad_input("{}: holds zero bytes, so it is no text; a recipe is a text file in TOML", origin);
  }
  std::int64_t line = 1;
  for (std::size_t begin = 0; begin < text.size(); ++line) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (!is_utf8(text.substr(begin, end - begin))) {
      bad_input("{}:{}: '{}' is not UTF-8 text; save the recipe as UTF-8", origin, line,
                valid_utf8(text.substr(begin, end - begin)));
    }
    begin = end + 1;
  }
}

}  // namespace

Settings TomlSection::settings() const {
  Settings settings;
  for (const auto& [key, entry] : entries) settings[key] = entry.value;
  return settings;
}

TomlDocument parse_toml(const std::string& text, const std::string& origin) {
  check_encoding(text, origin);
  if (const auto line = line_nested_too_deep(text); line > 0) refuse_depth(fmt::format("{}:{}", origin, line));
  TomlDocument document;
  try {
    Collector(document, origin).collect(toml::parse(text, origin), "");
  } catch (const toml::parse_error& error) {
    bad_input("{}:{}: {}", origin, error.source().begin.line, error.description());
  }
  return document;
}

Value parse_toml_value(std::string_view text) {
  if (line_nested_too_deep(text) > 0) return std::string(text);
  try {
    const toml::table table = toml::parse(fmt::format("value = {}", text));
    if (table.size() == 1) {
      if (const auto value = scalar(table.begin()->second)) return *value;
    }
  } catch (const toml::parse_error&) {
    // No TOML value: a text without quotes.
  }
  return std::string(text);
}

std::string to_toml(const Value& value) {
  if (const auto* boolean = std::get_if<bool>(&value)) return *boolean ? "true" : "false";
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return fmt::format("{}", *whole);
  if (const auto* real = std::get_if<double>(&value)) {
    std::string text = fmt::format("{}", *real);
    if (std::isfinite(*real) && text.find_first_of(".e") == std::string::npos) text += ".0";
    return text;
  }
  std::string quoted = "\"";
  for (const char letter : std::get<std::string>(value)) {
    if (letter == '"' || letter == '\\') {
      quoted += fmt::format("\\{}", letter);
    } else if (is_control(letter)) {
      quoted += fmt::format("\\u{:04x}", static_cast<unsigned>(letter));
    } else {
      quoted += letter;
    }
  }
  return quoted + "\"";
}

std::string toml_key(std::string_view key) {
  constexpr std::string_view bare = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  const bool is_bare = !key.empty() && key.find_first_not_of(bare) == std::string_view::npos;
  return is_bare ? std::string(key) : to_toml(Value(std::string(key)));
}

}  // namespace biossl
