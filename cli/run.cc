#include <fmt/format.h>

#include <memory>

#include "biossl/core/error.h"
#include "biossl/recipe/toml_document.h"
#include "biossl/runs/checkpoint.h"
#include "biossl/training/experiment.h"
#include "biossl/training/pretraining.h"
#include "biossl/training/results.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/export.h"
#include "cli/interrupt.h"
#include "cli/options.h"
#include "cli/standard_streams.h"
#include "cli/terminal.h"

namespace biossl::cli {
namespace {

/// The options of `run` and `pretrain`.
struct RunCommand {
  std::string name;
  RecipeOptions recipe;
  ExecutionOptions execution;
  std::string out;
  std::string from;
  std::string tensorboard;
  bool resume = false;

  void add_options(Command command) {
    command.add_option("recipe", recipe.file, "recipe file, - for standard input [the demo on the built-in world]")
        .check(path_word())
        .type_name("RECIPE");
    execution.add_data(command);
    command.add_option("--out", out, "the run's directory [runs/RECIPE-seedN]").check(path_word()).type_name("DIR");
    recipe.add_changes(command);
    recipe.add_seed(command);
    execution.add_compute(command);
    command.add_flag("--resume", resume,
                     "go on with the run in --out, bit for bit as if it had never stopped (same machine and threads);"
                     " the recipe may be left out; --set train.epochs=N trains a finished run on");
    command
        .add_option("--from", from,
                    "start a new run with the weights of a checkpoint or a run; its own recipe, unless one is given")
        .check(path_word())
        .type_name("CHECKPOINT");
    command
        .add_option("--tensorboard", tensorboard,
                    "write the run for TensorBoard too, into this folder, while it trains (biossl export)")
        .check(path_word())
        .type_name("DIR");
  }

  /// The changes to the recipe. The checkpoint is named by its file, from the root, since the run may go on elsewhere.
  std::vector<Override> overrides() const {
    std::vector<Override> changes = recipe.overrides();
    if (from.empty()) return changes;
    const auto silent = [](std::string_view) {};
    const std::filesystem::path file = std::filesystem::absolute(open_checkpoint(from, silent).path());
    changes.push_back({.key = "train.from", .value = to_toml(Value(file.string())), .option = "from"});
    return changes;
  }

  /// A continued run reads its own recipe; one from a checkpoint has the checkpoint's unless another is given.
  Recipe read_recipe() const {
    if (resume && recipe.file.empty() && !out.empty()) {
      require_run_to_continue(out);
      return biossl::read_recipe(out, overrides());
    }
    if (!from.empty() && recipe.file.empty()) return open_checkpoint(from, [](std::string_view) {}).recipe(overrides());
    return recipe.read(overrides());
  }

  /// The command that continues this run.
  std::string again(const std::filesystem::path& directory) const {
    SuggestedCommand command(name + " --resume");
    command.path_option("--out", directory.string()).execution(execution);
    if (!tensorboard.empty()) command.path_option("--tensorboard", tensorboard);
    return command.text();
  }

  /// Writes the run for TensorBoard as long as the object lives; null if that is not asked for.
  std::unique_ptr<ModuleBeside> follow(const std::filesystem::path& directory) const {
    if (tensorboard.empty()) return nullptr;
    if (!resume) RunDirectory::require_free(directory);  // another run's records are not this one's
    return std::make_unique<ModuleBeside>(
        tensorboard_module(),
        std::vector<std::string>{"--tensorboard", tensorboard, "--follow", "--", directory.string()});
  }

  template <class Job>
  void perform(const Job& job) const {
    const ExecutionContext where = execution.settle();
    const Recipe read = read_recipe();
    const std::filesystem::path directory = out.empty() ? RunDirectory::usual_path(read) : std::filesystem::path(out);
    const std::unique_ptr<ModuleBeside> events = follow(directory);
    catch_interrupts();
    TerminalReporter reporter;
    try {
      job(read, told_to(reporter, where), directory, reporter);
    } catch (const Interrupted& stopped) {
      throw Interrupted(stopped.signal(), fmt::format("{}; go on with: {}", stopped.what(), again(directory)));
    } catch (const WriteError& fault) {
      if (!std::filesystem::is_regular_file(directory / "recipe.toml")) throw;
      throw WriteError(fmt::format("{}; once it can, go on with: {}", fault.what(), again(directory)));
    }
  }
};

void run(const RunCommand& command) {
  command.perform(
      [&](const Recipe& recipe, const ExecutionContext& context, const std::filesystem::path& out, Reporter& reporter) {
        const ProbedRun run = pretrain_and_probe(recipe, context, out, command.resume, reporter);
        show(fmt::format("\n{}\n", results_table(run.report)));  // shown first: writing may fail
        write_results(run.directory, run.recipe, run.report);
        show(fmt::format("results in {}\n", run.directory.summary_file().string()));
      });
}

void pretrain_only(const RunCommand& command) {
  command.perform(
      [&](const Recipe& recipe, const ExecutionContext& context, const std::filesystem::path& out, Reporter& reporter) {
        pretrain(recipe, context, out, command.resume, reporter);
        show(fmt::format("checkpoints in {}; probe them with: {}\n", (out / "checkpoints").string(),
                         SuggestedCommand("probe").path(out.string()).execution(command.execution).text()));
      });
}

void add(Command app, const char* name, const char* summary, const char* footer, void (*job)(const RunCommand&)) {
  Command sub = app.add_subcommand(name, summary);
  sub.footer(footer);
  const auto command = std::make_shared<RunCommand>();
  command->name = name;
  command->add_options(sub);
  sub.callback([command, job] { job(*command); });
}

}  // namespace

void add_run(Command app) {
  add(app, "run", "pretrain, then probe the encoder beside a random one: the main job",
      "Without a recipe it runs the demo on the built-in world.\n"
      "  biossl run\n"
      "  biossl run recipes/quick.toml --data ~/data --set train.epochs=10 --set loss.negatives=all\n"
      "  biossl run --from runs/quick-seed1 --out runs/slower --data ~/data --set train.learning_rate=1e-5",
      run);
}

void add_pretrain(Command app) {
  add(app, "pretrain", "pretrain only", "  biossl pretrain recipes/quick.toml --data ~/data --out runs/quick",
      pretrain_only);
}

}  // namespace biossl::cli
