#pragma once

#include <cstdint>
#include <vector>

#include "biossl/core/progress.h"
#include "biossl/evaluation/features.h"

namespace biossl {

struct ProbeOptions {
  std::int64_t epochs = 200;
  std::int64_t batch = 500;
  double learning_rate = 1e-3;
  std::int64_t classes = 10;
  std::uint64_t seed = 1;
};

struct ProbeResult {
  double test_accuracy = 0;                          ///< fraction, after the last epoch
  double train_accuracy = 0;                         ///< fraction, likewise, of the whole training set
  double final_loss = 0;                             ///< mean cross-entropy of the last epoch's training batches
  std::vector<double> per_class;                     ///< test accuracy of each class
  std::vector<std::vector<std::int64_t>> confusion;  ///< [label][prediction], test images
  double seconds = 0;
};

/// Trains one linear layer with bias on frozen features (METHODS section 8: Adam, cross-entropy, no augmentation,
/// reshuffled every epoch) and tests it. Nothing is chosen on the test set. The weights start uniform in +-1/sqrt(F).
/// Throws std::invalid_argument when train and test do not match, std::runtime_error when the loss is no longer finite.
ProbeResult train_linear_probe(const Features& train, const Features& test, const ProbeOptions& options,
                               const Progress& progress = {});

}  // namespace biossl
