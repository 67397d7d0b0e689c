#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "biossl/core/device.h"
#include "biossl/losses/loss.h"
#include "biossl/network/network.h"
#include "biossl/recipe/recipe.h"

namespace biossl {

/// A recipe's loss with a batch for it: random embeddings about as far apart as those of an untrained network, as large
/// as the head of the last block makes them, and labels.
class LossWork {
 public:
  LossWork(const Recipe& recipe, Network& network);

  /// Numbers in an embedding.
  std::int64_t features() const { return embeddings_.extent(1); }
  /// Loss and errors of the batch.
  void operator()() { loss_->evaluate(embeddings_, context_, errors_, totals_); }

 private:
  std::unique_ptr<Loss> loss_;
  Tensor embeddings_, errors_, totals_;
  StepContext context_;
};

struct LossTime {
  std::int64_t batch = 0;     ///< pairs
  std::int64_t features = 0;  ///< numbers in an embedding
  double milliseconds = 0;    ///< of loss and errors, the median over the repetitions

  double pairs_per_second() const { return 1000.0 * static_cast<double>(batch) / milliseconds; }
};

/// Times the recipe's loss at its batch, for images of the recipe's data.image_size.
LossTime time_loss(const Recipe& recipe, Device device, std::int64_t repetitions);

/// Every loss there is with the settings it has by default, the contrastive hinge both with recent negatives and the
/// gradient block and with all negatives and without it.
std::vector<Choice> every_loss();

}  // namespace biossl
