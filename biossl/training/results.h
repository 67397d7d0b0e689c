#pragma once

#include <filesystem>

#include "biossl/recipe/recipe.h"
#include "biossl/runs/run_directory.h"
#include "biossl/training/probing.h"

namespace biossl {

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

}  // namespace biossl
