#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>

#include "cli/command.h"
#include "cli/options.h"

// Shared by the subcommands of `biossl bench`, which have one file each.

namespace biossl::cli {

struct BenchOptions {
  ExecutionOptions execution;
  RecipeOptions recipe;
  std::int64_t repetitions = 20;
  bool json = false;

  /// --recipe, --set, --device, --threads and --json.
  void add_to(Command command);
  /// --repeat, for benchmarks that report medians.
  void add_repetitions(Command command);
  /// The recipe, with precision "auto" resolved for the device.
  Recipe read(const ExecutionContext& at) const;
};

/// Prints JSON on one line, keys in the given order.
void print_line(const nlohmann::ordered_json& json);

void add_bench_step(Command bench);
void add_bench_views(Command bench);
void add_bench_loss(Command bench);
void add_bench_probe(Command bench);
void add_bench_memory(Command bench);

}  // namespace biossl::cli
