#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "biossl/recipe/components.h"
#include "biossl/recipe/recipe.h"

namespace biossl {

/// How long a whole run would take on this machine, in seconds.
struct RunCost {
  double training = 0;
  double probe = 0;  ///< features and probes of every encoder that is probed
};

/// Tells the cost of recipes from a few steps of each, without training anything. Images of the built-in world stand in
/// for the data. Training: a few steps of every kind that the rule takes (a layer-wise one's of every block), of at
/// most 100 pairs, on a GPU of the recipe's; a step's time counts in proportion to its pairs. Probe: the features of a
/// few hundred images, and an epoch on them.
class CostEstimator {
 public:
  explicit CostEstimator(ExecutionContext place) : place_(std::move(place)) {}

  RunCost operator()(const Recipe& recipe);
  /// True once a data set that is not here had to be taken for one of 50,000 training and 10,000 test images.
  bool assumed_images() const { return assumed_; }

 private:
  /// `limit` is the recipe's; 0: all.
  std::int64_t count_images(const std::string& dataset, Split split, std::int64_t limit);

  ExecutionContext place_;
  bool assumed_ = false;
  std::map<std::string, std::int64_t> sizes_;  // of data sets, by name and split
};

}  // namespace biossl
