#include "biossl/reproduction/reproduction.h"

#include <fnmatch.h>

#include <algorithm>
#include <set>

#include "biossl/core/atomic_file.h"
#include "biossl/core/folder_lock.h"
#include "biossl/core/text.h"
#include "biossl/core/wording.h"
#include "biossl/recipe/recipe_difference.h"
#include "biossl/reproduction/recipe_tables.h"
#include "biossl/reproduction/table_writer.h"
#include "biossl/runs/precision.h"
#include "biossl/training/experiment.h"
#include "biossl/training/probing.h"

namespace biossl {
namespace {

ReproductionRow read_row(const TableRecipe& of_table, const ReproductionRequest& request, Device device) {
  ReproductionRow row{.original = of_table.read({}), .recipe = {}};
  std::vector<Override> changes = request.changes;
  if (request.epochs)
    changes.push_back({.key = "train.epochs", .value = std::to_string(*request.epochs), .option = "epochs"});
  const bool trains = row.original.train.epochs > 0;
  std::erase_if(changes, [&](const Override& change) { return change.key == "train.epochs" && !trains; });
  row.recipe = of_table.read(changes);
  if (const auto& published = row.original.published; published && !published->source.empty()) {
    // A changed copy of a built-in recipe is not the published experiment.
    if (auto shipped = shipped_recipe_of(*published)) row.original = std::move(*shipped);
  }
  row.recipe.name = of_table.name;  // the name of its run directories
  Reporter quiet;
  for (Recipe* recipe : {&row.original, &row.recipe}) {
    settle_precision(*recipe, device, quiet);
    settle_probe_precision(*recipe, device, quiet);
  }
  check_views_device(row.recipe, device);
  check_precision(row.recipe, device);
  row.total_epochs = total_epochs(row.recipe);
  return row;
}

/// Moves the rows that match the globs to the front, in the order of the globs.
void choose(std::vector<ReproductionRow>& rows, const std::vector<std::string>& globs) {
  if (globs.empty()) return;
  std::vector<std::string> names;
  for (ReproductionRow& row : rows) {
    row.wanted = false;
    names.push_back(row.recipe.name);
  }
  auto rest = rows.begin();
  for (const std::string& given : globs) {
    const std::string glob(trimmed(given));
    const auto matches = [&](const std::string& name) { return fnmatch(glob.c_str(), name.c_str(), 0) == 0; };
    if (std::ranges::none_of(names, matches)) {
      throw std::invalid_argument(
          fmt::format("{}: matches no row; rows are {}", wording::option("rows", glob), joined(names)));
    }
    const auto next =
        std::stable_partition(rest, rows.end(), [&](const ReproductionRow& row) { return matches(row.recipe.name); });
    for (; rest != next; ++rest) rest->wanted = true;
  }
}

/// Checks that a directory of runs has one budget.
void require_same_settings(const ReproductionRun& run) {
  if (!std::filesystem::exists(run.directory)) return;
  std::vector<Difference> found;
  try {
    found = differences(read_recipe(RunDirectory::open(run.directory).recipe_file()), run.recipe);
  } catch (const BadInput& damaged) {
    bad_input("{}; remove {}, or choose another directory with {}", damaged.what(), run.directory.string(),
              wording::option("out"));
  }
  if (found.empty()) return;
  throw std::invalid_argument(
      fmt::format("{} was begun with {} = {}, not {}; ask for the same again, or choose another directory with {}",
                  run.directory.string(), found[0].key, found[0].one, found[0].other, wording::option("out")));
}

/// What decides which images a run reads and how.
std::string image_settings(const Recipe& recipe) {
  Recipe settings;
  settings.data = recipe.data;
  settings.data_sets = recipe.data_sets;
  settings.views = recipe.views;
  settings.probe = recipe.probe;
  return to_toml(settings);
}

/// Checks all images first: otherwise one run after the other would fail.
void require_images(const std::vector<ReproductionRun>& runs, const ExecutionContext& context) {
  std::set<std::string> opened;
  for (const ReproductionRun& run : runs) {
    if (opened.insert(image_settings(run.recipe)).second) biossl::require_images(run.recipe, context);
  }
}

/// Returns whether the run has finished.
bool attempt(const ReproductionRun& run, const ExecutionContext& context, Reporter& reporter) {
  try {
    run_experiment(run.recipe, context, run.directory, true, reporter);
    return true;
  } catch (const Interrupted&) {
    throw;
  } catch (const InUse& elsewhere) {
    reporter.note(fmt::format("skipped: {}", elsewhere.what()));
    return false;
  } catch (const std::exception& failure) {
    reporter.note(fmt::format("failed: {}", failure.what()));
    note_failure(run.directory, failure.what());
    return false;
  }
}

}  // namespace

std::vector<ReproductionRun> Reproduction::runs(const ReproductionRow& row) const {
  std::vector<ReproductionRun> runs;
  for (std::int64_t seed = 1; seed <= seeds; ++seed) {
    ReproductionRun run{.recipe = row.recipe,
                        .total_epochs = row.total_epochs,
                        .directory = out / fmt::format("{}-seed{}", row.recipe.name, seed)};
    run.recipe.seed = static_cast<std::uint64_t>(seed);
    runs.push_back(std::move(run));
  }
  return runs;
}

std::vector<ReproductionRun> Reproduction::missing() const {
  std::vector<ReproductionRun> missing;
  for (const ReproductionRow& row : rows) {
    if (!row.wanted) continue;
    std::ranges::copy_if(runs(row), std::back_inserter(missing),
                         [](const ReproductionRun& run) { return run.status().stage != RunStage::finished; });
  }
  std::ranges::stable_sort(missing, {}, [](const ReproductionRun& run) { return run.recipe.seed; });
  return missing;
}

Reproduction plan_reproduction(const ReproductionRequest& request, Device device) {
  check(!request.tables.empty(), "reproduce", "no table is named; there are {}", joined(shipped_tables()));
  check(request.seeds >= 1 && request.seeds <= 100'000, "reproduce", "{} seeds; it takes 1 to 100000", request.seeds);
  for (const Override& change : request.changes) {
    check(change.key != "seed", "reproduce", "{}: a row's seeds are 1 to {}", wording::setting("seed", change.value),
          wording::option("seeds", "N"));
    check(change.key != "name", "reproduce", "{}: rows are called as their recipes are",
          wording::setting("name", change.value));
  }
  std::vector<std::string> names;
  std::ranges::transform(request.tables, std::back_inserter(names),
                         [](const auto& table) { return valid_utf8(name_of_table(table).string()); });
  Reproduction plan{
      .name = joined(names, " + "),
      .out = request.out.empty() ? std::filesystem::path("runs") / name_of_table(request.tables[0]) : request.out,
      .seeds = request.seeds,
      .rows = {}};
  for (const TableRecipe& of_table : find_tables(request.tables)) {
    plan.rows.push_back(read_row(of_table, request, device));
  }
  choose(plan.rows, request.rows);
  for (const ReproductionRow& row : plan.rows) std::ranges::for_each(plan.runs(row), require_same_settings);
  return plan;
}

BegunReproduction begin_reproduction(const Reproduction& reproduction, const ExecutionContext& context) {
  require_writable_folder(reproduction.out);
  require_images(reproduction.missing(), context);
  std::filesystem::create_directories(reproduction.out);
  BegunReproduction begun{.lock = std::make_unique<const FolderLock>(reproduction.out), .missing = {}};
  begun.missing = reproduction.missing();  // again, now that the directory is locked
  remove_unfinished_files(reproduction.out);
  write_tables(reproduction);
  return begun;
}

std::int64_t reproduce(const Reproduction& reproduction, const ExecutionContext& context, Reporter& reporter) {
  const auto [lock, missing] = begin_reproduction(reproduction, context);
  std::int64_t failed = 0;
  for (std::size_t i = 0; i < missing.size(); ++i) {
    const Recipe& recipe = missing[i].recipe;
    reporter.note(fmt::format("\nrun {} of {}: {}, seed {}", i + 1, missing.size(), recipe.name, recipe.seed));
    try {
      failed += attempt(missing[i], context, reporter) ? 0 : 1;
    } catch (const Interrupted&) {
      write_tables(reproduction);
      throw;
    }
    write_tables(reproduction);
  }
  return failed;
}

}  // namespace biossl
