#pragma once

#include "cli/command.h"

// One file per subcommand. `add_NAME` adds its options and a callback that does its work. Callbacks report faults by
// exceptions, which main() turns into one line and an exit code:
//   std::invalid_argument (and CLI::ParseError)   2   the command line
//   BadInput                                       3   a file: recipe, data, checkpoint
//   Interrupted                                    128 + signal
//   anything else                                  1

namespace biossl::cli {

void add_run(Command app);
void add_pretrain(Command app);
void add_probe(Command app);
void add_embed(Command app);
void add_neighbours(Command app);
void add_data(Command app);
void add_list(Command app);
void add_describe(Command app);
void add_bench(Command app);
void add_reproduce(Command app);
void add_report(Command app);
void add_export(Command app);

}  // namespace biossl::cli
