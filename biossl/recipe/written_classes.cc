#include "biossl/recipe/written_classes.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <set>

#include "biossl/core/text.h"

namespace biossl {
namespace {

constexpr std::string_view opening = "(Python class ";

/// The names of the classes that are registered here. One thread may register another class while others read recipes.
class RegisteredClasses {
 public:
  static RegisteredClasses& instance() {
    static RegisteredClasses classes;
    return classes;
  }
  void add(const std::string& name) {
    const std::scoped_lock alone(mutex_);
    names_.insert(name);
  }
  bool contains(const std::string& name) const {
    const std::scoped_lock alone(mutex_);
    return names_.contains(name);
  }

 private:
  mutable std::mutex mutex_;
  std::set<std::string> names_;
};

/// What is in the brackets of a header of TOML, quotes of its parts included. The line may also be one of a text that
/// only begins like a header.
std::string_view in_brackets(std::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of('['), line.size()));
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char letter = line[i];
    if (quote == 0 && letter == ']') return trimmed(line.substr(0, i));
    if (quote == '"' && letter == '\\') {
      ++i;
    } else if (letter == quote) {
      quote = 0;
    } else if (quote == 0 && (letter == '"' || letter == '\'')) {
      quote = letter;
    }
  }
  return trimmed(line);
}

/// Calls take(section, line) for every line below a header of TOML, [section] or [[section]].
template <class Take>
void for_each_line(std::string_view recipe, const Take& take) {
  std::string_view section;
  while (!recipe.empty()) {
    const auto end = std::min(recipe.find('\n'), recipe.size());
    const std::string_view line = trimmed(recipe.substr(0, end));
    recipe.remove_prefix(std::min(end + 1, recipe.size()));
    if (line.starts_with('[')) {
      section = in_brackets(line);
    } else {
      take(section, line);
    }
  }
}

/// Behind a key and its text in quotes; "" for another key or no comment.
std::string_view comment_on(std::string_view line, std::string_view key) {
  const auto opens = line.find('"');
  const std::string_view before = line.substr(0, opens);
  if (opens == std::string_view::npos || trimmed(before.substr(0, before.find('='))) != key) return {};
  const auto hash = line.find('#', line.find('"', opens + 1));
  return hash == std::string_view::npos ? std::string_view() : trimmed(line.substr(hash + 1));
}

}  // namespace

std::string summary_of_class(std::string_view summary, const std::string& name) {
  RegisteredClasses::instance().add(name);
  return fmt::format("{} {}{})", summary, opening, name);
}

std::string class_of_comment(std::string_view comment) {
  const auto at = comment.find(opening);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = comment.substr(at + opening.size());
  return std::string(rest.substr(0, rest.find(')')));
}

std::string comment_of(std::string_view recipe, std::string_view section, std::string_view key) {
  std::string found;
  for_each_line(recipe, [&](std::string_view in, std::string_view line) {
    if (in == section && found.empty()) found = comment_on(line, key);
  });
  return found;
}

std::vector<std::string> absent_classes(std::string_view recipe, std::string_view sections) {
  std::vector<std::string> absent;
  for_each_line(recipe, [&](std::string_view section, std::string_view line) {
    const std::string name = class_of_comment(line);
    if (name.empty() || !section.starts_with(sections)) return;
    if (RegisteredClasses::instance().contains(name)) return;
    if (std::ranges::count(absent, name) == 0) absent.push_back(name);
  });
  return absent;
}

}  // namespace biossl
