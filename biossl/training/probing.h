#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "biossl/evaluation/linear_probe.h"
#include "biossl/recipe/components.h"
#include "biossl/recipe/recipe.h"
#include "biossl/runs/checkpoint.h"
#include "biossl/runs/reporter.h"

namespace biossl {

/// A linear probe of one block's output, or of the pixels.
struct BlockProbe {
  int block = 0;              ///< counted from 0
  std::int64_t features = 0;  ///< numbers an image
  ProbeResult result;
};

/// What a linear probe could read out of an encoder, and of what stands beside it for comparison.
struct ProbeReport {
  std::vector<std::string> class_names;
  std::int64_t epochs = 0;                        ///< of the probes
  std::int64_t trained_epochs = 0;                ///< of the encoder, when it was probed
  std::vector<BlockProbe> trained;                ///< of the blocks asked for; the last block is the last
  std::optional<std::vector<BlockProbe>> random;  ///< the untrained encoder of the same seed
  std::optional<BlockProbe> pixels;
  std::vector<PathRecord> layers;  ///< the feedback path that each layer used in pretraining
  Device device = Device::cpu;     ///< that the probes were trained on
  /// Accuracies of guessing: of always naming the commonest class among these very images.
  double chance = 0;        ///< of the test images
  double train_chance = 0;  ///< of the training images
};

/// The checkpoint that a path means: a file, or the newest readable one of a run directory; `note` is told of damaged
/// ones that were passed over. Throws BadInput.
Checkpoint open_checkpoint(const std::filesystem::path& run_or_file, const std::function<void(std::string_view)>& note);

/// The network of a checkpoint, to read features with: the weights of the encoder and its heads.
std::unique_ptr<Network> load_network(const Checkpoint& checkpoint, const Recipe& recipe, Device device);

/// Probes a checkpoint's encoder as the recipe's [probe] asks. Features that memory does not hold go through a scratch
/// file in the checkpoint's folder.
ProbeReport probe(const Checkpoint& checkpoint, const Recipe& recipe, const ExecutionContext& place,
                  Reporter& reporter);

/// Throws BadInput where the images to learn from or those of the probe are not there, or are not of one shape.
void require_images(const Recipe& recipe, const ExecutionContext& place);

}  // namespace biossl
