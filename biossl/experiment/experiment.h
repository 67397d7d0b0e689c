#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "biossl/evaluation/linear_probe.h"
#include "biossl/experiment/checkpoint.h"
#include "biossl/experiment/components.h"
#include "biossl/experiment/recipe.h"
#include "biossl/experiment/reporter.h"
#include "biossl/experiment/run_directory.h"

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

/// Pretrains into a run directory: a new one, or with `resume` one that may exist. Throws as RunDirectory and Trainer
/// do; nothing is written before everything has been checked and sized.
RunDirectory pretrain(const Recipe& recipe, const Place& place, const std::filesystem::path& out, bool resume,
                      Reporter& reporter);

/// Probes a checkpoint's encoder as the recipe's [probe] asks. Features that memory does not hold go through a scratch
/// file in the checkpoint's folder.
ProbeReport probe(const Checkpoint& checkpoint, const Recipe& recipe, const Place& place, Reporter& reporter);

/// What a run came to, written as summary.json:
///   {"recipe", "seed",
///    "pretrain": {"epochs" (behind the encoder that was probed), "images", "images_per_second", "seconds",
///    "final_loss" (null without an epoch)}, "probe": {"features", "epochs", "test_accuracy", "train_accuracy",
///    "per_block": [test accuracies]}, "layers": [{"layer", "feedback", "separate_weights", "errors_sent",
///    "alignment"}] (PathRecord), "random_encoder": {"test_accuracy", "per_block"}, "pixels": {"test_accuracy"} where
///    they were probed, "chance" (of guessing on the same test images, ProbeReport), "train_chance",
///    "peak_memory_bytes"}
/// and probe.json, which has every probe's accuracies, also by class, and confusion matrix ([label][prediction]).
/// Accuracies are fractions.
void write_results(const RunDirectory& directory, const Recipe& recipe, const ProbeReport& report);
/// probe.json alone.
void write_probe(const std::filesystem::path& path, const ProbeReport& report);

/// Throws BadInput where the images to learn from or those of the probe are not there, or are not of one shape.
void require_images(const Recipe& recipe, const Place& place);

/// A run that has been pretrained and probed.
struct ProbedRun {
  RunDirectory directory;
  Recipe recipe;  ///< as resolved
  ProbeReport report;
};

/// Pretrains and probes; the results are still to be written. What could stop them from being written is looked for
/// before anything is trained.
ProbedRun pretrain_and_probe(const Recipe& recipe, const Place& place, const std::filesystem::path& out, bool resume,
                             Reporter& reporter);

/// The main job: pretrain, then probe, then write the results.
ProbeReport run_experiment(const Recipe& recipe, const Place& place, const std::filesystem::path& out, bool resume,
                           Reporter& reporter);

}  // namespace biossl
