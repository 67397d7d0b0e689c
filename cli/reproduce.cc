#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "biossl/core/error.h"
#include "biossl/core/folder_lock.h"
#include "biossl/core/parallel.h"
#include "biossl/core/text.h"
#include "biossl/reproduction/parallel_runs.h"
#include "biossl/reproduction/reproduction.h"
#include "biossl/reproduction/reproduction_forecast.h"
#include "biossl/reproduction/table_writer.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/options.h"
#include "cli/standard_streams.h"
#include "cli/terminal.h"

namespace biossl::cli {
namespace {

struct ReproduceCommand {
  ReproductionRequest request;
  std::optional<std::int64_t> probe_epochs;
  RecipeOptions recipe;
  ExecutionOptions execution;
  std::int64_t jobs = 1;
  bool dry_run = false;
  bool table_only = false;

  /// The command that continues this one.
  std::string again(const Reproduction& plan) const {
    SuggestedCommand command("reproduce");
    for (const std::string& table : request.tables) command.path(table);
    command.path_option("--out", plan.out.string());
    if (request.epochs) command.option("--epochs", std::to_string(*request.epochs));
    if (probe_epochs) command.option("--probe-epochs", std::to_string(*probe_epochs));
    if (request.seeds != 1) command.option("--seeds", std::to_string(request.seeds));
    if (!request.rows.empty()) command.option("--rows", joined(request.rows, ","));
    for (const std::string& change : recipe.changes) command.option("--set", change);
    command.execution(execution);
    if (jobs != 1) command.option("--jobs", std::to_string(jobs));
    return command.text();
  }

  /// The command for one run, with its share of the threads.
  std::vector<std::string> of_run(const ReproductionRun& run) const {
    const std::int64_t share = std::max<std::int64_t>(threads() / jobs, 1);
    std::vector<std::string> words{
        "/proc/self/exe",     "run", "-", "--resume", "--out", run.directory, "--device", execution.device, "--threads",
        std::to_string(share)};
    if (!execution.data.empty()) words.insert(words.end(), {"--data", execution.data});
    return words;
  }
};

/// Shows the table of the runs so far, also while another process runs more.
void make_table(const Reproduction& plan) {
  show(fmt::format("\n{}", to_text(collect(plan))));
  if (!std::filesystem::exists(plan.out)) return;
  try {
    const FolderLock alone(plan.out);
    write_tables(plan);
    show(fmt::format("\nthe table is in {}, .csv and .json\n", (plan.out / "table.md").string()));
  } catch (const InUse&) {
    show(fmt::format("\nnot written to {}, where another process is at work and will write it\n", plan.out.string()));
  }
}

void run_all(const ReproduceCommand& command, const Reproduction& plan, const ExecutionContext& context,
             Reporter& reporter) {
  std::int64_t failed = 0;
  try {
    const ParallelRuns how{.jobs = command.jobs,
                           .command = [&](const ReproductionRun& run) { return command.of_run(run); }};
    failed =
        command.jobs == 1 ? reproduce(plan, context, reporter) : reproduce_in_parallel(plan, context, how, reporter);
  } catch (const Interrupted& stopped) {
    throw Interrupted(stopped.signal(), fmt::format("{}; go on with: {}", stopped.what(), command.again(plan)));
  } catch (const WriteError& fault) {
    throw WriteError(fmt::format("{}; once it can, go on with: {}", fault.what(), command.again(plan)));
  }
  make_table(plan);
  if (failed == 0) return;
  throw std::runtime_error(fmt::format(
      "{} of the runs failed or were skipped; the lines above say why, and the same command tries again", failed));
}

void perform(ReproduceCommand& command) {
  const ExecutionContext context = command.execution.settle();
  command.request.changes = command.recipe.overrides();
  if (command.probe_epochs) {
    command.request.changes.push_back(
        {.key = "probe.epochs", .value = std::to_string(*command.probe_epochs), .option = "probe-epochs"});
  }
  const Reproduction plan = plan_reproduction(command.request, context.device);
  catch_interrupts();
  TerminalReporter reporter;
  if (command.table_only) {
    make_table(plan);
  } else if (command.dry_run) {
    show(fmt::format("\n{}", to_text(forecast(plan, context, reporter))));
  } else {
    run_all(command, plan, told_to(reporter, context), reporter);
  }
}

}  // namespace

void add_reproduce(Command app) {
  Command sub =
      app.add_subcommand("reproduce", "run every recipe of a published table, and set ours beside its numbers");
  const auto command = std::make_shared<ReproduceCommand>();
  ReproductionRequest& request = command->request;
  sub.add_option("table", request.tables, "table1, table2, comparisons, pairs, or folders of recipes [table1]")
      .check(path_word())
      .type_name("TABLE");
  command->execution.add_data(sub);
  sub.add_option("--out", request.out, "directory of the runs and of the table [runs/TABLE]")
      .check(path_word())
      .type_name("DIR");
  sub.add_option("--epochs", request.epochs, "a smaller budget: epochs (of each block, where they learn by themselves)")
      .check(whole_number(1, 1'000'000'000))
      .type_name("N");
  sub.add_option("--probe-epochs", command->probe_epochs, "a smaller budget: epochs of the probe")
      .check(whole_number(1, 1'000'000'000))
      .type_name("N");
  sub.add_option("--seeds", request.seeds, "run every row with the seeds 1 to K [1]")
      .check(whole_number(1, 100'000))
      .type_name("K");
  sub.add_option("--rows", request.rows,
                 "only the recipes whose names match, '*_5' or 'hinge_gll_*,clapp*', in this order")
      .delimiter(',')
      .type_name("GLOB");
  command->recipe.add_changes(sub);
  command->execution.add_compute(sub);
  sub.add_option("--jobs", command->jobs,
                 "runs at a time, each with its share of the threads; on a GPU some fill what one leaves idle [1]")
      .check(whole_number(1))
      .type_name("N");
  const Option dry_run =
      sub.add_flag("--dry-run", command->dry_run, "only show what is to be run, and about how long it takes");
  sub.add_flag("--table-only", command->table_only, "only make the table of what has been run").excludes(dry_run);
  sub.footer(
      "Runs what is missing, skips what is finished, goes on with what was stopped; the same command again does the "
      "same.\n"
      "One directory holds one budget: give another budget another --out.\n"
      "  biossl reproduce table1 --data ~/data --dry-run\n"
      "  biossl reproduce table1 --data ~/data --rows 'hinge_*_5' --seeds 2\n"
      "  biossl reproduce table1 comparisons --data ~/data --epochs 5 --out runs/table1-5-epochs\n"
      "  biossl reproduce table1 --data ~/data --device cuda --jobs 4   with nvidia-cuda-mps-control running they\n"
      "                                                                  compute at the same time, else in turn\n"
      "  biossl reproduce table1 --table-only");
  sub.callback([command] { perform(*command); });
}

}  // namespace biossl::cli
