#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

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

/// The votes for each class. A neighbour votes for its label with weight exp(similarity / t), over that of the nearest,
/// which comes first.
std::vector<double> votes_of(std::span<const Neighbour> neighbours, std::span<const std::int32_t> labels,
                             const KnnOptions& options);
/// The class with the most votes, the lowest of equals.
std::int32_t most_voted(std::span<const double> votes);

/// Gets the votes of the k most similar training images for a row of the queries.
using TakeVotes = std::function<void(std::int64_t row, std::span<const double> votes)>;
/// Asks for every row of a table, in order. Works on features in memory or in a scratch file. Throws
/// std::invalid_argument for features, labels or options that do not fit.
void ask_neighbours(const Features& train, const FeatureTable& queries, const KnnOptions& options,
                    const TakeVotes& take, const Progress& progress = {});

/// Classifies every test image by its k most similar training images (Wu, Xiong, Yu & Lin 2018): cosine similarity, k =
/// 200, t = 0.1. Nothing is trained or chosen, so the result depends on no learning rate, number of epochs or scale of
/// the features. Throws as train_linear_probe.
KnnResult knn_probe(const ProbeFeatures& features, const KnnOptions& options, const Progress& progress = {});

}  // namespace biossl
