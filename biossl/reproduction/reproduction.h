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

// A published table, run again: every recipe of it with seeds 1..K, each run in a directory OUT/NAME-seedK of its own
// (runs/run_directory.h), so that whatever stops a run, the next call goes on where it stood.

namespace biossl {

/// What is asked for.
struct ReproductionRequest {
  std::vector<std::string> tables{"table1"};  ///< tables of the program, or folders of recipes
  std::vector<std::string> rows;              ///< globs on recipe names, run in this order; none: all rows
  std::vector<Override> changes;              ///< made in every recipe
  std::optional<std::int64_t> epochs;         ///< instead of the recipes' own, where a recipe trains at all
  std::int64_t seeds = 1;                     ///< seeds 1 .. this
  std::filesystem::path out;                  ///< "": runs/TABLE
};

/// A recipe of the table.
struct ReproductionRow {
  Recipe original;                ///< as it is published
  Recipe recipe;                  ///< as it is run here; every run has its own seed
  std::int64_t total_epochs = 0;  ///< as its rule counts them
  bool wanted = true;             ///< whether it is to be run; the table shows the others too
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
  std::vector<ReproductionRow> rows;  ///< in the order in which they are run

  /// A row's runs, by seed.
  std::vector<ReproductionRun> runs(const ReproductionRow& row) const;
  /// What is wanted and not finished, in the order in which it is run: every row with seed 1, then with seed 2, …
  std::vector<ReproductionRun> missing() const;
};

/// Reads and checks everything that can be without data, touching nothing. Throws std::invalid_argument for an unknown
/// table, a glob that matches no row, an impossible number of seeds, or a run directory that was begun with another
/// budget or other settings; BadInput for faulty recipes and for directories that are no runs.
Reproduction plan_reproduction(const ReproductionRequest& request, Device device);

/// A reproduction whose directory nobody else works in.
struct BegunReproduction {
  std::unique_ptr<const FolderLock> lock;
  std::vector<ReproductionRun> missing;
};

/// Makes the directory with a table of what there is so far. Throws BadInput where images are missing, InUse where
/// another process is at work in the directory.
BegunReproduction begin_reproduction(const Reproduction& reproduction, const ExecutionContext& place);

/// Runs what is missing and writes the table (table_writer.h) after every run. A run that fails is noted
/// (note_failure) and the next one begins; one that another process is at work on is passed over. Returns how many runs
/// did not come to their end. Throws as begin_reproduction before anything has run; Interrupted, with everything
/// resumable, when the reporter asks to stop.
std::int64_t reproduce(const Reproduction& reproduction, const ExecutionContext& place, Reporter& reporter);

}  // namespace biossl
