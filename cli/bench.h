#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>

#include "cli/command.h"
#include "cli/options.h"

// What the subcommands of `biossl bench` share; each has a file.

namespace biossl::cli {

struct BenchOptions {
  PlaceOptions place;
  RecipeOptions recipe;
  std::int64_t repetitions = 20;
  bool json = false;

  /// --recipe, --set, --device, --threads and --json.
  void add_to(Command command);
  /// --repeat, for benches that show medians.
  void add_repetitions(Command command);
  /// The recipe, with a precision "auto" settled for the device.
  Recipe read(const ExecutionContext& at) const;
};

/// JSON on a line, keys in the order they were given.
void print_line(const nlohmann::ordered_json& json);

void add_bench_step(Command bench);
void add_bench_views(Command bench);
void add_bench_loss(Command bench);
void add_bench_probe(Command bench);
void add_bench_memory(Command bench);

}  // namespace biossl::cli
