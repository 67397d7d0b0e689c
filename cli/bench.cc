#include "cli/bench.h"

#include <fmt/format.h>

#include "biossl/core/processor.h"
#include "biossl/io/json_text.h"
#include "biossl/runs/precision.h"
#include "cli/commands.h"

namespace biossl::cli {

void BenchOptions::add_to(Command command) {
  command.add_option("--recipe", recipe.file, "recipe file, - for standard input [the demo's]")
      .check(path_word())
      .type_name("RECIPE");
  recipe.add_changes(command);
  execution.add_compute(command);
  command.add_flag("--json", json, "one line of JSON");
}

void BenchOptions::add_repetitions(Command command) {
  command.add_option("--repeat", repetitions, "times to do it; medians are shown")
      .capture_default_str()
      .check(whole_number(1))
      .type_name("N");
}

Recipe BenchOptions::read(const ExecutionContext& at) const {
  Recipe read = recipe.read();
  for (const std::string& note : read.notes) fmt::print(stderr, "{}\n", note);
  check_precision(read, at.device);
  if (read.train.precision == "auto") read.train.precision = name_of(compute_type("auto", at.device));
  return read;
}

void print_line(const nlohmann::ordered_json& json) { fmt::print("{}\n", json_text(json)); }

void add_bench(Command app) {
  Command bench = app.add_subcommand("bench", "how fast this machine trains, and how far from its limit");
  bench.require_subcommand();
  for (const auto add : {add_bench_step, add_bench_views, add_bench_loss, add_bench_probe, add_bench_memory}) {
    add(bench);
  }
  bench.footer(
      "No data is needed: images of the built-in world, or random numbers of the right shape, stand in. Times are\n"
      "medians; on a machine that does other work as well they tell little.\n"
      "  biossl bench step --recipe recipes/quick.toml --threads 2\n"
      "  biossl bench step --recipe recipes/quick.toml --scaling     what a second thread brings\n"
      "  biossl bench memory --json                                  what depth costs each rule");
}

}  // namespace biossl::cli
