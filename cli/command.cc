#include "cli/command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <charconv>
#include <filesystem>
#include <optional>

namespace biossl::cli {

Check whole_number(std::int64_t least, std::int64_t most) {
  const bool open = most == std::numeric_limits<std::int64_t>::max();
  const std::string wanted = open ? fmt::format("{} or more", least) : fmt::format("{} to {}", least, most);
  const auto fault = [least, most](const std::string& word) -> std::string {
    std::int64_t number = 0;
    const auto [end, wrong] = std::from_chars(word.data(), word.data() + word.size(), number);
    const bool whole = wrong == std::errc() && end == word.data() + word.size();
    if (whole && number >= least && number <= most) return "";
    return fmt::format("'{}' is not a whole number from {} to {}", word, least, most);
  };
  return {fault, wanted};
}

Check path_word() {
  const auto fault = [](const std::string& word) -> std::string {
    if (!word.starts_with('~') || std::filesystem::exists(word)) return "";
    return fmt::format(
        "'{0}': the shell leaves ~ alone here; begin a word with it, or write $HOME (a place may be ./{0})", word);
  };
  return {fault, ""};
}

Check png_word() {
  const auto fault = [](std::string& word) -> std::string {
    if (const std::string wrong = path_word().fault(word); !wrong.empty()) return wrong;
    std::filesystem::path path(word);
    std::string ending = path.extension().string();
    std::ranges::transform(ending, ending.begin(),
                           [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    if (ending.empty() || ending == ".png") return "";
    return fmt::format("'{}': the picture is a PNG file; let its name end in .png: {}", word,
                       path.replace_extension(".png").string());
  };
  return {fault, ""};
}

Check one_of(std::vector<std::string> words) {
  const CLI::IsMember member(std::move(words));
  return {member, member.get_description()};
}

Option& Option::type_name(const std::string& name) {
  option_->type_name(name);
  return *this;
}

Option& Option::capture_default_str() {
  option_->capture_default_str();
  return *this;
}

Option& Option::check(const Check& check) {
  option_->check(CLI::Validator(check.fault, check.wanted));
  return *this;
}

Option& Option::required() {
  option_->required();
  return *this;
}

Option& Option::excludes(const Option& other) {
  option_->excludes(other.option_);
  return *this;
}

Option& Option::delimiter(char letter) {
  option_->delimiter(letter);
  return *this;
}

Option& Option::envname(const std::string& name) {
  option_->envname(name);
  return *this;
}

Option& Option::repeatable() {
  option_->take_all()->expected(1);
  return *this;
}

Command Command::add_subcommand(const std::string& name, const std::string& summary) {
  return Command(app_->add_subcommand(name, summary));
}

void Command::require_subcommand() { app_->require_subcommand(1); }

template <class T>
Option Command::add_option(const std::string& name, T& variable, const std::string& summary) {
  return Option(app_->add_option(name, variable, summary));
}

template Option Command::add_option(const std::string&, std::string&, const std::string&);
template Option Command::add_option(const std::string&, std::filesystem::path&, const std::string&);
template Option Command::add_option(const std::string&, int&, const std::string&);
template Option Command::add_option(const std::string&, double&, const std::string&);
template Option Command::add_option(const std::string&, std::int64_t&, const std::string&);
template Option Command::add_option(const std::string&, std::uint64_t&, const std::string&);
template Option Command::add_option(const std::string&, std::optional<std::int64_t>&, const std::string&);
template Option Command::add_option(const std::string&, std::optional<std::uint64_t>&, const std::string&);
template Option Command::add_option(const std::string&, std::vector<std::string>&, const std::string&);
template Option Command::add_option(const std::string&, std::vector<std::int64_t>&, const std::string&);

Option Command::add_flag(const std::string& name, bool& variable, const std::string& summary) {
  return Option(app_->add_flag(name, variable, summary));
}

void Command::footer(const std::string& text) { app_->footer(text); }

void Command::callback(std::function<void()> work) { app_->callback(std::move(work)); }

}  // namespace biossl::cli
