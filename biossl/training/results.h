#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "biossl/recipe/recipe.h"
#include "biossl/runs/run_directory.h"
#include "biossl/training/probing.h"

namespace biossl {

/// Writes the results of a run. Accuracies are fractions.
/// summary.json:
///   {"recipe", "seed", "uses_labels",
///    "pretrain": {"epochs" (of the probed encoder), "images", "images_per_second", "seconds",
///                 "final_loss" (null without an epoch)},
///    "probe": {"features", "epochs", "images" (that it is trained on), "test_accuracy", "train_accuracy",
///              "per_block": [test accuracies], and with probe.validation "validation_accuracy", "chosen_epoch",
///              with probe.augment "augment" (true)},
///    "layers": [{"layer", "feedback", "separate_weights", "errors_sent", "alignment"}] (PathRecord),
///    "random_encoder": {"test_accuracy", "per_block"} and "pixels": {"test_accuracy"} if they were probed,
///    "knn": {"neighbours", "temperature", "test_accuracy", "per_block", and likewise "random_encoder" and "pixels"}
///           with probe.knn,
///    "targets": {"trained_encoder", "random_encoder", "pixels"}, of each {name: R^2}, with probe.targets; encoders by
///               their last block,
///    "chance", "train_chance" (ProbeReport), "peak_memory_bytes", "peak_device_memory_bytes" (on a GPU)}
/// probe.json: the accuracies of every probe, also per class, and its confusion matrix ([label][prediction]); "knn"
/// and "targets" beside them, never among them.
void write_results(const RunDirectory& directory, const Recipe& recipe, const ProbeReport& report);
/// What there is to say of a run that no probe has judged, as JSON: "recipe", "seed", "uses_labels", "pretrain" and
/// "layers" of summary.json, of the newest checkpoint; and "checkpoint", its file, null where there is none yet. note()
/// hears of a damaged one.
std::string summary_without_probe(const RunDirectory& directory, const std::function<void(std::string_view)>& note);
/// probe.json alone.
void write_probe(const std::filesystem::path& path, const ProbeReport& report);

}  // namespace biossl
