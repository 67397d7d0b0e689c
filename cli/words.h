#pragma once

#include <string>

namespace CLI {
class App;
}

// What stands on a command line, word by word, before any command is at work.

namespace biossl::cli {

/// Makes every option below `app` take exactly one word, which is neither empty nor an option itself.
void take_one_word_each(CLI::App& app);

/// Throws std::invalid_argument for a word "--name=" without a value and for a list of nothing, ",": CLI11 would take
/// the next word in their place.
void check_values(int argc, char** argv);

/// "biossl bench step --help", for the command that was asked for.
std::string asks_for_help(const CLI::App& app);

/// What to say about words that are neither options nor wanted, with what was probably meant.
std::string describe_extras(const CLI::App& app);

}  // namespace biossl::cli
