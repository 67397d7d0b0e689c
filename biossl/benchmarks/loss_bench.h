#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "biossl/core/device.h"
#include "biossl/data/views.h"
#include "biossl/losses/loss.h"
#include "biossl/network/network.h"
#include "biossl/recipe/recipe.h"

namespace biossl {

/// A recipe's loss and a batch for it: labels, and random embeddings with the size of the last head's output and
/// distances like those of an untrained network.
class LossWork {
 public:
  LossWork(const Recipe& recipe, Network& network, const ViewPlan& views = {});

  std::int64_t features() const { return embeddings_.extent(1); }
  /// Computes loss and errors of the batch.
  void operator()() { loss_->evaluate(embeddings_, context_, errors_, totals_); }

 private:
  std::unique_ptr<Loss> loss_;
  Tensor embeddings_, errors_, totals_;
  StepContext context_;
};

struct LossTime {
  std::int64_t batch = 0;     ///< pairs; of a loss that compares patches: images
  std::int64_t features = 0;  ///< numbers per embedding
  double milliseconds = 0;    ///< of loss and errors; median over the repetitions

  double pairs_per_second() const { return 1000.0 * static_cast<double>(batch) / milliseconds; }
};

/// Times the recipe's loss with its batch, for images of the recipe's data.image_size.
LossTime time_loss(const Recipe& recipe, Device device, std::int64_t repetitions);

/// Every loss with default settings, and in variants: the contrastive hinge twice, recent negatives with the gradient
/// block and all negatives without it; CLAPP on patches with either positives or negatives, and with both.
std::vector<Choice> every_loss();
/// A recipe with this loss in place of its own. A loss that compares patches gets patches of the built-in world, 64x64
/// pixels of it.
Recipe recipe_to_time(Recipe recipe, const Choice& loss);

}  // namespace biossl
