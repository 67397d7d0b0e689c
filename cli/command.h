#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

// The interface to CLI11 for the subcommands. Only command.cc includes CLI11's header, which takes seconds to compile.
namespace biossl::cli {

/// A condition on the words of an option.
struct Check {
  std::function<std::string(std::string&)> fault;  ///< the fault of a word; "" if there is none
  std::string wanted;                              ///< for --help
};

/// The message repeats the word.
Check whole_number(std::int64_t least, std::int64_t most = std::numeric_limits<std::int64_t>::max());
/// A path; refuses a "~" that the shell has not expanded.
Check path_word();
/// A path of a PNG file to write; refuses the ending of another format.
Check png_word();
Check one_of(std::vector<std::string> words);

/// An option of a command; a handle, like Command.
class Option {
 public:
  explicit Option(CLI::Option* option) : option_(option) {}

  /// The name of its value in --help: "FILE".
  Option& type_name(const std::string& name);
  /// --help shows the current value of the variable as the default.
  Option& capture_default_str();
  Option& check(const Check& check);
  Option& required();
  /// Refuses both options together.
  Option& excludes(const Option& other);
  /// Splits a word into several values.
  Option& delimiter(char letter);
  /// The environment variable that is read if the option is not given.
  Option& envname(const std::string& name);
  /// Allows the option several times, with one value each.
  Option& repeatable();

 private:
  CLI::Option* option_;
};

/// The program or a subcommand; a handle, the program owns the object.
class Command {
 public:
  explicit Command(CLI::App* app) : app_(app) {}

  Command add_subcommand(const std::string& name, const std::string& summary);
  /// Requires one of its subcommands.
  void require_subcommand();
  /// name: "--out", or "recipe" for a positional argument. T: std::string, int, std::int64_t, std::uint64_t,
  /// std::optional of the last two, and std::vector of std::string and std::int64_t.
  template <class T>
  Option add_option(const std::string& name, T& variable, const std::string& summary);
  Option add_flag(const std::string& name, bool& variable, const std::string& summary);
  /// The last text of --help.
  void footer(const std::string& text);
  /// The work of this command.
  void callback(std::function<void()> work);

 private:
  CLI::App* app_;
};

}  // namespace biossl::cli
