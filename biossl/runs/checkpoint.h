#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "biossl/io/safetensors.h"
#include "biossl/network/network.h"
#include "biossl/recipe/recipe.h"
#include "biossl/rules/rule.h"

namespace biossl {

/// The progress of pretraining: what a run needs, beside its state, to continue as if it had never stopped.
struct RunProgress {
  std::int64_t epoch = 0;          ///< finished epochs
  std::int64_t batch = 0;          ///< finished batches of the current epoch
  std::array<double, 2> totals{};  ///< of the current epoch, as Loss::evaluate adds them
  double seconds = 0;              ///< spent on the current epoch
};

// A checkpoint is a safetensors file.
// Tensors: Network::state(true), in PyTorch's layout: convolutions (O, I, K, K), linear layers over a map (O, C*H*W) in
// the order (C, H, W); and the rule's own state under "rule.".
// Metadata, all texts: format ("biossl checkpoint"), format_version ("2"), biossl_version, recipe (TOML, resolved),
// image ("32,32,3": height, width, channels), progress (JSON: epoch, batch, totals, seconds), layers (JSON: a list of
// PathRecord with its field names as keys; older files of format 2 lack it), reading (JSON: the fields of
// ReadingTraits, and heads, the blocks that have one; older files lack it). A checkpoint holds no time of day, and
// `seconds` within an epoch only, so equal runs end in equal files.

/// Writes a checkpoint that appears whole or not at all. Throws std::runtime_error naming a file that cannot be
/// written.
void save_checkpoint(const std::filesystem::path& path, const Recipe& recipe, const RunProgress& progress,
                     Network& network, LearningRule& rule);

/// Before the names of a rule's own tensors.
inline constexpr const char* rule_state_prefix = "rule.";

/// A checkpoint for continuing a run or for reading features. Any fault of the file throws BadInput.
class Checkpoint {
 public:
  explicit Checkpoint(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return file_.path(); }
  /// (H, W, C)
  const Shape& image() const { return image_; }
  const RunProgress& progress() const { return progress_; }
  /// The run's recipe, with overrides.
  Recipe recipe(const std::vector<Override>& overrides = {}) const;
  /// The same for reading the network: what that does not need may be absent.
  Recipe recipe_for_reading(const std::vector<Override>& overrides = {}) const;
  const ReadingTraits& reading() const { return reading_; }

  /// The feedback path that each layer has used, as recorded when the file was written; empty if the file lacks it.
  const std::vector<PathRecord>& layers() const { return layers_; }
  /// Whether the file holds the head of a block.
  bool has_head(int block) const;

  /// Restores the weights of the encoder and of every head in the file.
  void restore_weights(Network& network) const;
  /// Restores everything a run needs to continue: weights, optimiser and feedback state, counters, the rule's state.
  void restore(Network& network, LearningRule& rule) const;

  /// Starts another run with the weights of the blocks that its network and the file have in common, from the lowest
  /// on. Throws BadInput where a common block's tensors have another name or shape, and where the lowest block is not
  /// in the file.
  void start(Network& network) const;
  /// The same once the rule has made its parts. Also takes, of what the file has under the same name in the same shape,
  /// heads, the rule's own state, and the feedback paths of layers whose path is of the same kind. Optimisers start
  /// anew. Returns the names of the other tensors, which stay as they are.
  std::vector<std::string> start(Network& network, LearningRule& rule) const;

 private:
  void read_progress(const std::string& text);
  void read_reading(const std::string& text);
  void fill(const State& state, std::string_view prefix) const;
  /// Those tensors of `state` that the file has under this name and in this shape. The others' names go to `others`.
  State found_of(const State& state, std::string_view prefix, std::vector<std::string>& others) const;
  void require_finite(Network& network) const;
  /// Whether the file holds the layer's feedback path, of another kind than `now`.
  bool has_other_path(const PathRecord& now) const;

  SafetensorsFile file_;
  Shape image_;
  RunProgress progress_;
  std::vector<PathRecord> layers_;
  ReadingTraits reading_;
  std::optional<std::vector<int>> heads_;  // the blocks that have one, where the file says so
};

/// "epoch_0003.safetensors"; within an epoch "epoch_0003_batch_000042.safetensors".
std::string checkpoint_name(const RunProgress& progress);
/// The checkpoints of a folder, files identified by name, newest first.
std::vector<std::filesystem::path> list_checkpoints(const std::filesystem::path& folder);
/// The newest readable checkpoint; std::nullopt if there are no checkpoints. `note` is told of damaged ones, which are
/// skipped. Throws BadInput if all are damaged.
std::optional<Checkpoint> latest_checkpoint(const std::filesystem::path& folder,
                                            const std::function<void(std::string_view)>& note);
/// The checkpoint at a path: a file, or the newest readable one of a run directory. `note` is told of damaged ones,
/// which are skipped. Throws BadInput.
Checkpoint open_checkpoint(const std::filesystem::path& run_or_file, const std::function<void(std::string_view)>& note);
/// The recipe of a run directory for reading its network, with overrides, as its newest checkpoint knows it.
Recipe read_recipe_of_run(const std::filesystem::path& run, const std::vector<Override>& overrides = {});
/// Removes checkpoints that are older than the one just written, so that with it the newest `kept` of them stay. Later
/// ones in the folder, which are damaged or of another program, neither count nor go.
void prune_checkpoints(const std::filesystem::path& written, std::size_t kept);
/// Renames the newest checkpoints, as far as they are damaged, to NAME.damaged, for a run that goes on from an older
/// one. `note` is told.
void set_damaged_aside(const std::filesystem::path& folder, const std::function<void(std::string_view)>& note);

}  // namespace biossl
