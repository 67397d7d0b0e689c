#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "biossl/core/folder_lock.h"
#include "biossl/recipe/components.h"
#include "biossl/recipe/recipe.h"
#include "biossl/runs/reporter.h"
#include "biossl/runs/run_status.h"

// Reproduction of a published table: every recipe with seeds 1..K. Each run has its own directory OUT/NAME-seedK
// (run_directory.h), so that the next call continues after any interruption.

namespace biossl {

struct ReproductionRequest {
  std::vector<std::string> tables{"table1"};  ///< built-in tables, or folders of recipes
  std::vector<std::string> rows;              ///< globs on recipe names, run in this order; empty: all rows
  std::vector<Override> changes;              ///< applied to every recipe
  std::optional<std::int64_t> epochs;         ///< instead of the recipes' own, for recipes that train at all
  std::int64_t seeds = 1;                     ///< seeds 1 .. this
  std::filesystem::path out;                  ///< "": runs/TABLE
};

/// A recipe of the table.
struct ReproductionRow {
  Recipe original;                ///< as published
  Recipe recipe;                  ///< as run here; every run has its own seed
  std::int64_t total_epochs = 0;  ///< as its rule counts them
  bool wanted = true;             ///< whether to run it; the table shows the other rows too
};

/// One run of a row.
struct ReproductionRun {
  Recipe recipe;                    ///< with its seed
  std::int64_t total_epochs = 0;    ///< as its rule counts them
  std::filesystem::path directory;  ///< OUT/NAME-seedK

  RunStatus status() const { return read_status(directory, recipe, total_epochs); }
};

struct Reproduction {
  std::string name;  ///< "table1", "table1 + comparisons"
  std::filesystem::path out;
  std::int64_t seeds = 1;
  std::vector<ReproductionRow> rows;  ///< in the order of execution

  /// A row's runs, by seed.
  std::vector<ReproductionRun> runs(const ReproductionRow& row) const;
  /// The wanted runs that are not finished, in the order of execution: every row with seed 1, then with seed 2, …
  std::vector<ReproductionRun> missing() const;
};

/// Reads and checks everything that needs no data; writes nothing. Throws std::invalid_argument for an unknown table, a
/// glob without a match, an invalid number of seeds, or a run directory with another budget or other settings; BadInput
/// for faulty recipes and for directories that are no run directories.
Reproduction plan_reproduction(const ReproductionRequest& request, Device device);

/// A reproduction with its directory locked.
struct BegunReproduction {
  std::unique_ptr<const FolderLock> lock;
  std::vector<ReproductionRun> missing;
};

/// Makes the directory and writes the table of the runs so far. Throws BadInput if images are missing, InUse if another
/// process uses the directory.
BegunReproduction begin_reproduction(const Reproduction& reproduction, const ExecutionContext& context);

/// Runs what is missing and writes the table (table_writer.h) after every run. After a failed run, which is recorded
/// (note_failure), the next one starts. Runs that another process works on are skipped. Returns the number of runs that
/// did not finish. Throws like begin_reproduction before the first run; Interrupted, with everything resumable, if the
/// reporter requests a stop.
std::int64_t reproduce(const Reproduction& reproduction, const ExecutionContext& context, Reporter& reporter);

}  // namespace biossl
