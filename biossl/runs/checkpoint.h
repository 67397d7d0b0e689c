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

/// Where a run's pretraining stands: what it needs, beside the weights, to go on as if it had never stopped.
struct RunProgress {
  std::int64_t epoch = 0;          ///< epochs done
  std::int64_t batch = 0;          ///< batches done of the epoch under way
  std::array<double, 2> totals{};  ///< of the epoch under way, as Loss::evaluate adds them
  double seconds = 0;              ///< spent on the epoch under way
};

// A checkpoint is a safetensors file. Tensors: what Network::state(true) lists, convolutions as (O, I, K, K) and linear
// layers over a map as (O, C*H*W) in the order of (C, H, W), as PyTorch has them; and the rule's own state under
// "rule.". Metadata, all texts: format ("biossl checkpoint"), format_version ("2"), biossl_version, recipe (TOML,
// resolved), image
// ("32,32,3": height, width, channels), progress (JSON: epoch, batch, totals, seconds), layers (JSON: a list of
// PathRecord, by its fields' names; format 2 began without it). Nothing in it tells the time of day, and `seconds` is
// kept only within an epoch, so equal runs end in equal files.

/// Writes a checkpoint that appears whole or not at all. Throws std::runtime_error naming a file that cannot be
/// written.
void save_checkpoint(const std::filesystem::path& path, const Recipe& recipe, const RunProgress& progress,
                     Network& network, LearningRule& rule);

/// A checkpoint to go on from or to read features with. Whatever is wrong with the file throws BadInput.
class Checkpoint {
 public:
  explicit Checkpoint(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return file_.path(); }
  /// (H, W, C)
  const Shape& image() const { return image_; }
  const RunProgress& progress() const { return progress_; }
  /// The recipe of the run, with overrides.
  Recipe recipe(const std::vector<Override>& overrides = {}) const;

  /// The feedback path that each layer used up to here, read off the live network when the file was written. Empty
  /// where the file says nothing of it.
  const std::vector<PathRecord>& layers() const { return layers_; }
  /// Whether it holds the head of a block.
  bool has_head(int block) const;

  /// Fills a network with the weights of the encoder and of every head that the file holds.
  void restore_weights(Network& network) const;
  /// Fills everything that a run goes on with: weights, optimiser and feedback state, counters, the rule's state.
  void restore(Network& network, LearningRule& rule) const;

 private:
  void read_progress(const std::string& text);
  void fill(const State& state, std::string_view prefix) const;
  void require_finite(Network& network) const;

  SafetensorsFile file_;
  Shape image_;
  RunProgress progress_;
  std::vector<PathRecord> layers_;
};

/// "epoch_0003.safetensors", within an epoch "epoch_0003_batch_000042.safetensors".
std::string checkpoint_name(const RunProgress& progress);
/// The checkpoints of a folder by their names, the newest first.
std::vector<std::filesystem::path> list_checkpoints(const std::filesystem::path& folder);
/// The newest checkpoint that can be read; a damaged one is passed over, and `note` is told. Nothing where there is
/// none. Throws BadInput where there are some and none can be read.
std::optional<Checkpoint> latest_checkpoint(const std::filesystem::path& folder,
                                            const std::function<void(std::string_view)>& note);
/// Removes all but the newest `kept` checkpoints.
void prune_checkpoints(const std::filesystem::path& folder, std::size_t kept);

}  // namespace biossl
