#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "biossl/recipe/components.h"
#include "biossl/recipe/recipe.h"

namespace biossl {

/// Estimated time of a whole run on this machine, in seconds.
struct RunCost {
  double training = 0;
  double probe = 0;  ///< features and probes of all probed encoders
};

/// Estimates the cost of recipes from a few steps of each, without training. Images of the built-in world replace the
/// data. Training: a few steps of every kind of the rule (layer-wise rules: of every block), with at most 100 pairs on
/// a CPU, with the recipe's batch on a GPU; time is scaled by the number of pairs. Probe: the features of a few hundred
/// images, and one epoch on them.
class CostEstimator {
 public:
  explicit CostEstimator(ExecutionContext context) : context_(std::move(context)) {}

  RunCost operator()(const Recipe& recipe);
  /// Whether the size of an absent data set was assumed: 50,000 training and 10,000 test images.
  bool assumed_images() const { return assumed_; }

 private:
  /// `limit`: from the recipe; 0: all.
  std::int64_t count_images(const Recipe& recipe, const std::string& dataset, Split split, std::int64_t limit);

  ExecutionContext context_;
  bool assumed_ = false;
  std::map<std::string, std::int64_t> sizes_;  // sizes of data sets, by name and split
};

}  // namespace biossl
