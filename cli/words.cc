#include "cli/words.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "biossl/core/text.h"

namespace biossl::cli {
namespace {

/// What is wrong with an option's word; "" if nothing is.
std::string one_word(const std::string& word) {
  if (word.empty()) return "is empty; give it a value, or leave it out";
  if (word.starts_with("--"))
    return fmt::format("takes a value, and '{}' is an option (a place may be ./{})", word, word);
  return "";
}

/// The requested subcommand, also nested: `bench step`.
const CLI::App& innermost(const CLI::App& app) {
  const auto parsed = app.get_subcommands();
  return parsed.empty() ? app : innermost(*parsed.front());
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

bool looks_like_setting(const std::string& word) { return !word.starts_with('-') && word.find('=') < word.size(); }

std::string describe_extra(const CLI::App& command, const std::string& word) {
  if (looks_like_setting(word)) return fmt::format("'{0}' stands alone; write --set {0}", shell_quoted(word));
  if (!word.starts_with('-')) return fmt::format("'{}' is one word too many", word);
  const std::string name = word.substr(0, word.find('='));
  return fmt::format("there is no option '{}'{}", name, suggestion(name, option_names(command)));
}

}  // namespace

void take_one_word_each(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    if (option->get_items_expected_max() == 0) continue;  // a flag
    if (!option->get_positional()) option->allow_extra_args(false);
    option->check(one_word);
  }
  for (CLI::App* command : app.get_subcommands({})) take_one_word_each(*command);
}

void check_values(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (!word.empty() && word.find_first_not_of(',') == std::string_view::npos) {
      throw std::invalid_argument(fmt::format("'{}' is a list of nothing; name something, or leave it out", word));
    }
    if (!word.starts_with("--") || word.find('=') != word.size() - 1) continue;
    throw std::invalid_argument(fmt::format("{} is empty; give it a value, or leave it out", word));
  }
}

std::string asks_for_help(const CLI::App& app) {
  std::string words;
  for (const CLI::App* command = &innermost(app); command != nullptr; command = command->get_parent()) {
    words.insert(0, command->get_name() + " ");
  }
  return words + "--help";
}

std::string describe_extras(const CLI::App& app) {
  std::vector<std::string> words = app.remaining(true);
  // A word without a dash after an unknown option is its value.
  const auto is_option = [](const std::string& word) { return word.starts_with('-'); };
  if (std::ranges::any_of(words, is_option)) std::erase_if(words, [&](const auto& word) { return !is_option(word); });
  std::vector<std::string> lines;
  for (const std::string& word : words) lines.push_back(describe_extra(innermost(app), word));
  return joined(lines, "; ");
}

}  // namespace biossl::cli
