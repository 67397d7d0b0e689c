#include <fmt/format.h>

#include <memory>

#include "biossl/core/atomic_file.h"
#include "biossl/core/error.h"
#include "biossl/runs/precision.h"
#include "biossl/training/probing.h"
#include "biossl/training/results.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/options.h"
#include "cli/standard_streams.h"
#include "cli/terminal.h"

namespace biossl::cli {
namespace {

struct ProbeCommand {
  std::string from;
  std::string out;
  RecipeOptions recipe;
  ExecutionOptions execution;
};

/// Opens a run to write its results. If another process uses it, suggests to probe a checkpoint.
RunDirectory open_run(const ProbeCommand& command) {
  try {
    return RunDirectory::open_alone(command.from);
  } catch (const InUse& busy) {
    const auto checkpoints = list_checkpoints(RunDirectory::open(command.from).checkpoints());
    if (checkpoints.empty()) throw;
    SuggestedCommand alone("probe");
    alone.path(checkpoints[0].string());
    if (!command.out.empty()) alone.path_option("--out", command.out);
    for (const std::string& change : command.recipe.changes) alone.option("--set", change);
    throw InUse(
        fmt::format("{}, or probe a checkpoint alone: {}", busy.what(), alone.execution(command.execution).text()));
  }
}

/// Probes a run; the results go to its directory.
void probe_run(const ProbeCommand& command, const ExecutionContext& context, Reporter& reporter) {
  const RunDirectory directory = open_run(command);
  Recipe recipe = read_recipe_of_run(command.from, command.recipe.overrides());
  settle_precision(recipe, context.device, reporter);
  settle_probe_precision(recipe, context.device, reporter);
  directory.require_continues(recipe, context.device);
  const Checkpoint checkpoint = open_checkpoint(command.from, [&](std::string_view line) { reporter.note(line); });
  const ProbeReport report = probe(checkpoint, recipe, context, reporter);
  show(fmt::format("\n{}\n", results_table(report)));  // shown first: writing may fail
  directory.adopt(recipe, context.device);
  write_results(directory, recipe, report);
  if (!command.out.empty()) write_probe(command.out, report);
  show(fmt::format("results in {}\n", directory.summary_file().string()));
}

void probe_file(const ProbeCommand& command, const ExecutionContext& context, Reporter& reporter) {
  const Checkpoint checkpoint(command.from);
  Recipe recipe = checkpoint.recipe_for_reading(command.recipe.overrides());
  settle_precision(recipe, context.device, reporter);
  settle_probe_precision(recipe, context.device, reporter);
  const ProbeReport report = probe(checkpoint, recipe, context, reporter);
  show(fmt::format("\n{}", results_table(report)));
  if (!command.out.empty()) write_probe(command.out, report);
}

void probe_command(ProbeCommand& command) {
  const ExecutionContext context = command.execution.settle();
  if (!command.out.empty()) {
    require_writable(command.out);
    command.out = apart_from_messages(command.out);
  }
  catch_interrupts();
  TerminalReporter reporter;
  const bool is_run = std::filesystem::is_directory(command.from);
  (is_run ? probe_run : probe_file)(command, told_to(reporter, context), reporter);
}

}  // namespace

void add_probe(Command app) {
  Command sub = app.add_subcommand("probe", "train a linear probe on the frozen encoder of a run or a checkpoint");
  const auto command = std::make_shared<ProbeCommand>();
  sub.add_option("from", command->from, "run directory or checkpoint file")
      .required()
      .check(path_word())
      .type_name("RUN|CHECKPOINT");
  command->execution.add_data(sub);
  sub.add_option("--out", command->out, "write probe.json there too").check(path_word()).type_name("FILE");
  command->recipe.add_changes(sub);
  command->execution.add_compute(sub);
  sub.footer(
      "A run's summary.json and probe.json are written anew.\n"
      "  biossl probe runs/quick-seed1 --data ~/data --set probe.epochs=200 --set probe.blocks=all\n"
      "  biossl probe weights.safetensors --data ~/data --out probe.json");
  sub.callback([command] { probe_command(*command); });
}

}  // namespace biossl::cli
