#include "biossl/recipe/written_classes.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace biossl {
namespace {

constexpr std::string_view opening = "(Python class ";

std::set<std::string>& registered() {
  static std::set<std::string> names;
  return names;
}

}  // namespace

std::string summary_of_class(std::string_view summary, const std::string& name) {
  registered().insert(name);
  return fmt::format("{} {}{})", summary, opening, name);
}

std::vector<std::string> absent_classes(std::string_view recipe) {
  std::vector<std::string> absent;
  for (auto at = recipe.find(opening); at != std::string_view::npos; at = recipe.find(opening, at + 1)) {
    const std::string_view rest = recipe.substr(at + opening.size());
    const std::string name(rest.substr(0, rest.find_first_of(")\n")));
    if (!registered().contains(name) && std::ranges::count(absent, name) == 0) absent.push_back(name);
  }
  return absent;
}

}  // namespace biossl
