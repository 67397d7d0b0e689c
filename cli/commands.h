#pragma once

#include <CLI/CLI.hpp>

// One subcommand a file. Each `add_NAME` gives the program its options and a callback that does the work when the
// command line names it. Callbacks report faults by exceptions, which main() turns into one line and an exit code:
//   std::invalid_argument (and CLI::ParseError)   2   the command line
//   BadInput                                       3   a file: recipe, data, checkpoint
//   Interrupted                                    128 + signal
//   anything else                                  1

namespace biossl::cli {

void add_run(CLI::App& app);
void add_pretrain(CLI::App& app);
void add_probe(CLI::App& app);
void add_embed(CLI::App& app);
void add_data(CLI::App& app);
void add_list(CLI::App& app);
void add_describe(CLI::App& app);
void add_bench(CLI::App& app);
void add_reproduce(CLI::App& app);

}  // namespace biossl::cli
