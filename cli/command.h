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

// What the subcommands use of CLI11, which reads the command line. Its header takes seconds to compile in each file, so
// command.cc includes it, and they do not.
namespace biossl::cli {

/// What the words of an option must be.
struct Check {
  std::function<std::string(std::string&)> fault;  ///< what is wrong with a word; "" where nothing is
  std::string wanted;                              ///< for --help
};

/// A fault repeats what was written.
Check whole_number(std::int64_t least, std::int64_t most = std::numeric_limits<std::int64_t>::max());
/// A path; a "~" that the shell has left alone is refused.
Check path_word();
Check one_of(std::vector<std::string> words);

/// An option of a command; a handle, as Command is.
class Option {
 public:
  explicit Option(CLI::Option* option) : option_(option) {}

  /// What --help calls its value: "FILE".
  Option& type_name(const std::string& name);
  /// --help shows the value that the variable has now.
  Option& capture_default_str();
  Option& check(const Check& check);
  Option& required();
  /// Refuses the two together.
  Option& excludes(const Option& other);
  /// Parts a word into several values.
  Option& delimiter(char letter);
  /// The environment variable that is read where the option is not given.
  Option& envname(const std::string& name);
  /// May be given several times, with one value each.
  Option& repeatable();

 private:
  CLI::Option* option_;
};

/// The program or a subcommand; a handle to what belongs to the program.
class Command {
 public:
  explicit Command(CLI::App* app) : app_(app) {}

  Command add_subcommand(const std::string& name, const std::string& summary);
  /// One of its subcommands must be named.
  void require_subcommand();
  /// name: "--out", or "recipe" for a word by its place. T: std::string, int, std::int64_t, std::uint64_t, optional
  /// ones of the last two, and vectors of std::string and std::int64_t.
  template <class T>
  Option add_option(const std::string& name, T& variable, const std::string& summary);
  Option add_flag(const std::string& name, bool& variable, const std::string& summary);
  /// What --help ends with.
  void footer(const std::string& text);
  /// What is done when the command line names this command.
  void callback(std::function<void()> work);

 private:
  CLI::App* app_;
};

}  // namespace biossl::cli
