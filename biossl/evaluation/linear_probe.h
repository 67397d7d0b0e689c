#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "biossl/core/progress.h"
#include "biossl/core/stopwatch.h"
#include "biossl/evaluation/features.h"
#include "biossl/ops/parameter_step.h"

namespace biossl {

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

/// One linear layer with bias on frozen features (docs/rules_and_losses.md, "Protocol"): Adam, cross-entropy,
/// reshuffled every epoch. Initial weights are uniform in +-1/sqrt(F). With validation images, the epoch after which
/// they are read best is chosen, the earliest of equals; otherwise the last one. Throws FeaturesNotFinite or another
/// std::runtime_error if the loss or an output is not finite.
class LinearProbe {
 public:
  /// The tables of features share their storage with the caller's, who may write other training features between
  /// epochs. Throws std::invalid_argument if the features do not match.
  LinearProbe(ProbeFeatures features, const ProbeOptions& options);

  /// One pass over the training features as they are now, in a new order; returns the mean loss.
  double train_epoch();
  /// Takes the chosen epoch's weights and reads the training and the test features with them.
  ProbeResult test();

  const Tensor& weights() const { return weights_; }  ///< (classes, F) as they are now
  const Tensor& bias() const { return bias_; }        ///< (classes)

 private:
  void draw_weights(float bound);
  void learn(const FeatureBatch& batch);
  /// Keeps the weights if no epoch before was read better on the validation features.
  void validate();
  /// Logits of every row of a table, in order.
  Tensor logits_of(const FeatureTable& table);
  /// Fraction of rows whose largest logit is their label's; counts [label][prediction] if confusion is not null.
  double accuracy(const Features& of, std::vector<std::vector<std::int64_t>>* confusion);

  Stopwatch watch_;
  ProbeFeatures features_;
  ProbeOptions options_;
  std::int64_t batch_;
  Tensor labels_;  // labels of all rows
  BatchReader reader_;
  Tensor order_;  // order of the current epoch
  std::int64_t epoch_ = 0;
  ParameterStep step_;  // weights, then bias
  Tensor weights_, bias_, weight_update_, bias_update_;
  Tensor batch_labels_, logits_, errors_, totals_;
  Tensor kept_;  // the weights of the epoch that validation has chosen so far
  ProbeResult result_;
};

/// Trains a linear probe for all epochs on the same features, and tests it. Throws as LinearProbe does.
ProbeResult train_linear_probe(const ProbeFeatures& features, const ProbeOptions& options,
                               const Progress& progress = {});

}  // namespace biossl
