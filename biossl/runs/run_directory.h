#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <type_traits>
#include <vector>

#include "biossl/core/atomic_file.h"
#include "biossl/core/device.h"
#include "biossl/core/folder_lock.h"
#include "biossl/recipe/recipe.h"
#include "biossl/runs/reporter.h"

namespace biossl {

/// Whether a field stands in every line of metrics.jsonl, or only where there is something to say.
enum class Presence { always, where_known };

/// Calls field(name, value, presence) for every field of a line of metrics.jsonl, in its order: it is written, read and
/// handed on by these names.
template <class Metrics, class Field>
requires std::same_as<std::remove_const_t<Metrics>, EpochMetrics>
void visit_fields(Metrics& metrics, Field&& field) {
  field("epoch", metrics.epoch, Presence::always);
  field("stage", metrics.stage, Presence::where_known);
  field("loss", metrics.loss, Presence::always);
  field("loss_per_pair", metrics.loss_per_pair, Presence::always);
  field("active_share", metrics.active_share, Presence::always);
  field("learning_rate", metrics.learning_rate, Presence::always);
  field("images", metrics.images, Presence::always);
  field("seconds", metrics.seconds, Presence::always);
  field("images_per_second", metrics.images_per_second, Presence::always);
  field("health_seconds", metrics.health_seconds, Presence::where_known);
  field("health", metrics.health, Presence::where_known);
}
/// The same for an element of "health".
template <class Entry, class Field>
requires std::same_as<std::remove_const_t<Entry>, Health>
void visit_fields(Entry& health, Field&& field) {
  field("block", health.block, Presence::always);
  field("of", health.of, Presence::always);
  field("dimensions", health.dimensions, Presence::always);
  field("images", health.images, Presence::always);
  field("deviation", health.deviation, Presence::always);
  field("effective_rank", health.effective_rank, Presence::always);
  field("participation", health.participation, Presence::always);
  field("positive_distance", health.positive_distance, Presence::always);
  field("negative_distance", health.negative_distance, Presence::always);
  field("dead", health.dead, Presence::always);
  field("saturated", health.saturated, Presence::where_known);
}

/// The folder of a run:
///   recipe.toml        the resolved recipe with all defaults
///   environment.json   the environment (environment.h) and "precision"; "resumed": the same for each continuation
///                      with any difference, and the "epoch" after which it began
///   metrics.jsonl      one JSON object per epoch: the fields of EpochMetrics (stage, health and
///                      health_seconds where there are any)
///   checkpoints/       the last train.keep_checkpoints of them (checkpoint.h); NAME.damaged beside them are those that
///                      could not be gone on from
///   probe.json, summary.json   the results (results.h)
///   failure.txt        why the run failed last time, until it is continued (note_failure)
/// Faulty content throws BadInput.
class RunDirectory {
 public:
  /// runs/NAME-seedN
  static std::filesystem::path usual_path(const Recipe& recipe);
  /// Whether nothing is there, or a folder with nothing in it but what a run leaves that ends before its recipe is
  /// written: an empty folder checkpoints, a failure note, half of a recipe.
  static bool is_free(const std::filesystem::path& path);
  /// Throws std::invalid_argument, with advice, unless the path is free; like require_writable_folder if it cannot be
  /// made.
  static void require_free(const std::filesystem::path& path);
  /// Makes the folder with recipe and environment, and locks it. Throws like require_free; like parse_recipe, before
  /// anything is made, if the recipe could not be read again. If it cannot write them, it removes what it has made.
  static RunDirectory create(const std::filesystem::path& path, const Recipe& recipe, Device device);
  /// Opens an existing run directory. Throws BadInput if it is none.
  static RunDirectory open(const std::filesystem::path& path);
  /// The same for continuing: locks it and removes the failure note and unfinished files. Throws InUse if another
  /// process uses it, WriteError if it is not writable.
  static RunDirectory open_alone(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path recipe_file() const { return path_ / "recipe.toml"; }
  std::filesystem::path environment_file() const { return path_ / "environment.json"; }
  std::filesystem::path checkpoints() const { return path_ / "checkpoints"; }
  std::filesystem::path probe_file() const { return path_ / "probe.json"; }
  std::filesystem::path summary_file() const { return path_ / "summary.json"; }

  /// Whether a run may go on with another number of epochs.
  enum class Epochs { fixed, free };
  /// Throws std::invalid_argument, naming the difference, if the run cannot continue with `recipe`. Settings of the
  /// probe, its data and checkpoints, and the published number may differ; so may a precision that this device does not
  /// train with (continue_precision), and train.epochs where they are free.
  void require_continues(const Recipe& recipe, Device device, Epochs epochs = Epochs::fixed) const;
  /// Continues with `recipe` and stores it; removes results that belong to other settings. Throws like
  /// require_continues.
  void adopt(const Recipe& recipe, Device device, Epochs epochs = Epochs::fixed) const;
  /// Records in environment.json, under "resumed", that the run continues after `epoch` epochs, if anything has
  /// changed: machine, libraries, threads, precision.
  void add_environment(const Recipe& recipe, Device device, std::int64_t epoch) const;
  /// Removes probe.json and summary.json.
  void remove_results() const;

  void add_metrics(const EpochMetrics& metrics) const;
  /// Removes the metrics of epochs after the given one, and a line cut short by a kill. The other lines stay as they
  /// are.
  void cut_metrics(std::int64_t epoch) const;
  std::vector<EpochMetrics> metrics() const;

 private:
  explicit RunDirectory(std::filesystem::path path) : path_(std::move(path)) {}

  /// Writes the recipe and the environment of a new run.
  void begin(const std::string& recipe_text, const Recipe& recipe, Device device) const;

  std::filesystem::path metrics_file() const { return path_ / "metrics.jsonl"; }

  std::filesystem::path path_;
  std::shared_ptr<const FolderLock> lock_;  // null if opened for reading
};

/// Stores why a run failed: in its directory, or beside it if that does not exist. Continuing the run removes the note.
/// It is void for a directory that has been removed or made since.
void note_failure(const std::filesystem::path& directory, std::string_view failure);
/// The stored failure; "" if none.
std::string read_failure(const std::filesystem::path& directory);

/// Writes indented JSON, whole or not at all.
void write_json(const std::filesystem::path& path, const nlohmann::ordered_json& json);

}  // namespace biossl
