#pragma once

#include <string>

namespace CLI {
class App;
}

// Checks of the words of a command line, before a command runs.

namespace biossl::cli {

/// Makes every option below `app` take exactly one word, which is not empty and no option.
void take_one_word_each(CLI::App& app);

/// Throws std::invalid_argument for a word "--name=" without a value and for an empty list ",": CLI11 would take the
/// next word instead.
void check_values(int argc, char** argv);

/// "biossl bench step --help", for the requested command.
std::string asks_for_help(const CLI::App& app);

/// The message about superfluous words and unknown options, with suggestions.
std::string describe_extras(const CLI::App& app);

}  // namespace biossl::cli
