#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "biossl/evaluation/knn_probe.h"
#include "biossl/evaluation/linear_probe.h"
#include "biossl/evaluation/regression_probe.h"
#include "biossl/recipe/components.h"
#include "biossl/recipe/recipe.h"
#include "biossl/runs/checkpoint.h"
#include "biossl/runs/reporter.h"

namespace biossl {

/// The probes of one block's output, or of the pixels.
struct BlockProbe {
  int block = 0;                                ///< from 0
  std::int64_t features = 0;                    ///< numbers per image
  ProbeResult result;                           ///< of the linear probe
  std::optional<KnnResult> knn = std::nullopt;  ///< with probe.knn
  std::vector<TargetResult> targets = {};       ///< with probe.targets
};

/// Probes of an encoder, and of what it is compared with.
struct ProbeReport {
  std::vector<std::string> class_names;
  std::int64_t epochs = 0;                        ///< of the probes
  bool augmented = false;                         ///< whether their images were cut anew in every epoch
  std::int64_t trained_epochs = 0;                ///< of the encoder, at the time of the probe
  std::vector<BlockProbe> trained;                ///< of the chosen blocks; the last block comes last
  std::optional<std::vector<BlockProbe>> random;  ///< the untrained encoder of the same seed
  std::optional<BlockProbe> pixels;
  std::vector<PathRecord> layers;  ///< the feedback path that each layer used in pretraining
  Device device = Device::cpu;     ///< device of the probes
  /// Accuracy of always predicting the most frequent class of these images.
  double chance = 0;              ///< of the test images
  double train_chance = 0;        ///< of the training images
  std::int64_t train_images = 0;  ///< number of images that the probes are trained on
};

/// A checkpoint's network for reading features, with the weights of the encoder and its heads.
std::unique_ptr<Network> load_network(const Checkpoint& checkpoint, const Recipe& recipe, Device device);

/// Probes a checkpoint's encoder according to [probe]. Features that do not fit into memory go to a scratch file in the
/// checkpoint's folder.
ProbeReport probe(const Checkpoint& checkpoint, const Recipe& recipe, const ExecutionContext& context,
                  Reporter& reporter);

/// Throws BadInput if the device cannot make the recipe's views, or if images for pretraining or for the probe are
/// missing or their shapes differ.
void require_images(const Recipe& recipe, const ExecutionContext& context);

}  // namespace biossl
