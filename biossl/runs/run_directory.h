#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "biossl/core/atomic_file.h"
#include "biossl/core/device.h"
#include "biossl/core/folder_lock.h"
#include "biossl/recipe/recipe.h"
#include "biossl/runs/reporter.h"

namespace biossl {

/// The folder that a run leaves behind:
///   recipe.toml        the recipe as resolved, every default written out
///   environment.json   what it ran on (environment.h) and in which "precision"; "resumed": the same of every later
///                      stretch in which anything of it was different, with the "epoch" after which it began
///   metrics.jsonl      one JSON object an epoch: the fields of EpochMetrics (stage where there is one)
///   checkpoints/       the final checkpoint and the last two before it (checkpoint.h)
///   probe.json, summary.json   the results (training/results.h)
///   failure.txt        why it failed last time, until somebody goes on with it (note_failure)
/// Faults of what lies in it throw BadInput.
class RunDirectory {
 public:
  /// runs/NAME-seedN
  static std::filesystem::path usual_path(const Recipe& recipe);
  /// Throws std::invalid_argument, saying what to do, where something of that name exists, and as
  /// require_writable_folder does where none can be made.
  static void require_free(const std::filesystem::path& path);
  /// Makes the folder with its recipe and environment, and keeps other processes from writing to it. Throws like
  /// require_free.
  static RunDirectory create(const std::filesystem::path& path, const Recipe& recipe, Device device);
  /// One that exists. Throws BadInput where it is no run directory.
  static RunDirectory open(const std::filesystem::path& path);
  /// The same, to go on with it: what a failure or a killed process left behind is removed. Throws InUse where another
  /// process is at work in it, WriteError where it cannot be written to.
  static RunDirectory open_alone(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path recipe_file() const { return path_ / "recipe.toml"; }
  std::filesystem::path environment_file() const { return path_ / "environment.json"; }
  std::filesystem::path checkpoints() const { return path_ / "checkpoints"; }
  std::filesystem::path probe_file() const { return path_ / "probe.json"; }
  std::filesystem::path summary_file() const { return path_ / "summary.json"; }

  /// Throws std::invalid_argument where the run cannot go on with `recipe`, naming the difference. Settings of the
  /// probe, of its data and of checkpoints, and the published number may differ from those it was started with; so may
  /// a precision that this device does not train with (continue_precision).
  void require_continues(const Recipe& recipe, Device device) const;
  /// Goes on with `recipe`, whose settings are taken over; results of another probe are removed. Throws like
  /// require_continues.
  void adopt(const Recipe& recipe, Device device) const;
  /// Notes in environment.json that the run goes on after `epoch` epochs, under "resumed", where anything there is now
  /// different: the machine, its libraries, threads, the precision.
  void add_environment(const Recipe& recipe, Device device, std::int64_t epoch) const;
  /// Removes probe.json and summary.json.
  void remove_results() const;

  void add_metrics(const EpochMetrics& metrics) const;
  /// Drops what was written about epochs behind the given one, and a line that a kill has cut short.
  void cut_metrics(std::int64_t epoch) const;
  std::vector<EpochMetrics> metrics() const;

 private:
  explicit RunDirectory(std::filesystem::path path) : path_(std::move(path)) {}

  std::filesystem::path metrics_file() const { return path_ / "metrics.jsonl"; }

  std::filesystem::path path_;
  std::shared_ptr<const FolderLock> lock_;  // null: not for writing
};

/// Notes why a run failed: in its directory, or beside where that would be. The note goes when somebody goes on with
/// the run, and means nothing for a directory that has been removed or made since.
void note_failure(const std::filesystem::path& directory, std::string_view failure);
/// What was noted; "": nothing.
std::string read_failure(const std::filesystem::path& directory);

/// Writes JSON for people and programs, whole or not at all.
void write_json(const std::filesystem::path& path, const nlohmann::ordered_json& json);

}  // namespace biossl
