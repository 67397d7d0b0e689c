#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <vector>

#include "biossl/core/progress.h"
#include "biossl/evaluation/features.h"

namespace biossl {

/// The features contain NaN or infinite numbers: the encoder is at fault, not the probe.
class FeaturesNotFinite : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct ProbeOptions {
  std::int64_t epochs = 200;
  std::int64_t batch = 500;
  double learning_rate = 1e-3;
  std::int64_t classes = 10;
  std::uint64_t seed = 1;
};

struct ProbeResult {
  double test_accuracy = 0;                          ///< fraction, after the chosen epoch
  double train_accuracy = 0;                         ///< fraction, of the whole training set
  double final_loss = 0;                             ///< mean cross-entropy of the last epoch's training batches
  std::int64_t chosen_epoch = 0;                     ///< number of epochs behind the probe that is tested
  std::optional<double> validation_accuracy;         ///< fraction, after the chosen epoch; with validation images
  std::vector<std::optional<double>> per_class;      ///< test accuracy per class; std::nullopt without images
  std::vector<std::vector<std::int64_t>> confusion;  ///< [label][prediction], test images
  double seconds = 0;
};

/// Accuracy of always predicting the most frequent label, a fraction; 0 without labels.
double share_of_commonest(std::span<const std::int32_t> labels);

/// The features of a probe's images; no image is in two of them.
struct ProbeFeatures {
  Features train, test;
  Features validation = {};  ///< may be empty
};

/// Trains one linear layer with bias on frozen features and tests it (docs/rules_and_losses.md, "Protocol"): Adam,
/// cross-entropy, no augmentation, reshuffled every epoch. With validation images, the epoch after which they are read
/// best is chosen, the earliest of equals; otherwise the last one. The test images are read once, at the end. Initial
/// weights are uniform in +-1/sqrt(F). Throws std::invalid_argument if the features do not match; FeaturesNotFinite or
/// another std::runtime_error if the loss or an output is not finite.
ProbeResult train_linear_probe(const ProbeFeatures& features, const ProbeOptions& options,
                               const Progress& progress = {});

}  // namespace biossl
