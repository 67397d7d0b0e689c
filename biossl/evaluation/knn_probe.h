#pragma once

#include <cstdint>
#include <span>

#include "biossl/core/progress.h"
#include "biossl/evaluation/linear_probe.h"
#include "biossl/evaluation/nearest_neighbours.h"

namespace biossl {

struct KnnOptions {
  std::int64_t neighbours = 200;  ///< k
  double temperature = 0.1;       ///< t
  std::int64_t classes = 10;
};

struct KnnResult {
  std::int64_t neighbours = 0;  ///< that vote: k, or all training images if there are fewer
  double temperature = 0;
  double test_accuracy = 0;  ///< fraction
};

/// The class with the most votes, the lowest of equals; a neighbour votes for its label with weight
/// exp(similarity / t).
std::int32_t vote(std::span<const Neighbour> neighbours, std::span<const std::int32_t> labels,
                  const KnnOptions& options);

/// Classifies every test image by its k most similar training images (Wu, Xiong, Yu & Lin 2018): cosine similarity, k =
/// 200, t = 0.1. Nothing is trained or chosen, so the result depends on no learning rate, number of epochs or scale of
/// the features. Works on features in memory or in a scratch file. Throws as train_linear_probe.
KnnResult knn_probe(const ProbeFeatures& features, const KnnOptions& options, const Progress& progress = {});

}  // namespace biossl
