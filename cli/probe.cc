#include <fmt/format.h>

#include <memory>

#include "biossl/core/error.h"
#include "biossl/experiment/experiment.h"
#include "biossl/experiment/precision.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/options.h"
#include "cli/terminal.h"

namespace biossl::cli {
namespace {

struct ProbeCommand {
  std::string from;
  std::string out;
  RecipeOptions recipe;
  PlaceOptions place;
};

/// A run directory takes the results in; a checkpoint's go where --out says.
void probe_run(const ProbeCommand& command, const Place& place, Reporter& reporter) {
  const RunDirectory directory = RunDirectory::open_alone(command.from);
  Recipe recipe = read_recipe(directory.recipe_file(), command.recipe.overrides());
  settle_precision(recipe, place.device, reporter);
  directory.require_continues(recipe, place.device);
  const Checkpoint checkpoint = open_checkpoint(command.from, [&](std::string_view line) { reporter.note(line); });
  const ProbeReport report = probe(checkpoint, recipe, place, reporter);
  directory.adopt(recipe, place.device);
  write_results(directory, recipe, report);
  if (!command.out.empty()) write_probe(command.out, report);
  fmt::print("\n{}\nresults in {}\n", results_table(report), directory.summary_file().string());
}

void probe_file(const ProbeCommand& command, const Place& place, Reporter& reporter) {
  const Checkpoint checkpoint(command.from);
  Recipe recipe = checkpoint.recipe(command.recipe.overrides());
  settle_precision(recipe, place.device, reporter);
  const ProbeReport report = probe(checkpoint, recipe, place, reporter);
  if (!command.out.empty()) write_probe(command.out, report);
  fmt::print("\n{}", results_table(report));
}

void probe_command(const ProbeCommand& command) {
  const Place place = command.place.settle();
  catch_interrupts();
  TerminalReporter reporter;
  const bool is_run = std::filesystem::is_directory(command.from);
  (is_run ? probe_run : probe_file)(command, place, reporter);
}

}  // namespace

void add_probe(CLI::App& app) {
  CLI::App* sub = app.add_subcommand("probe", "train a linear probe on the frozen encoder of a run or a checkpoint");
  const auto command = std::make_shared<ProbeCommand>();
  sub->add_option("from", command->from, "run directory or checkpoint file")->required()->type_name("RUN|CHECKPOINT");
  command->place.add_data(*sub);
  sub->add_option("--out", command->out, "write probe.json there too")->type_name("FILE");
  command->recipe.add_changes(*sub);
  command->place.add_compute(*sub);
  sub->footer(
      "A run's summary.json and probe.json are written anew.\n"
      "  biossl probe runs/quick-seed1 --data ~/data --set probe.epochs=200 --set probe.blocks=all\n"
      "  biossl probe weights.safetensors --data ~/data --out probe.json");
  sub->callback([command] { probe_command(*command); });
}

}  // namespace biossl::cli
