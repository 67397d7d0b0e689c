#include "biossl/training/health_warning.h"

#include <fmt/format.h>

namespace biossl {
namespace {

constexpr double lowest_rank = 1.5;
constexpr std::int64_t fewest = 8;  // dimensions and images that a rank says something of

bool has_collapsed(const Health& health) {
  return health.dimensions >= fewest && health.images >= fewest && health.effective_rank < lowest_rank;
}

}  // namespace

std::string health_warning(const EpochMetrics& metrics, const Recipe& recipe) {
  for (const Health& health : metrics.health) {
    if (!has_collapsed(health)) continue;
    return fmt::format(
        "epoch {}: the {} of block {} has collapsed: it hardly tells images apart any more (effective rank {:.2f} of "
        "{}); try a lower train.learning_rate than {}, or a [loss] that pushes different images further apart (more "
        "negatives, a larger weight of them)",
        metrics.epoch, health.of, health.block, health.effective_rank, health.dimensions, recipe.train.learning_rate);
  }
  if (metrics.loss != 0 || metrics.active_share != 0 || metrics.health.empty()) return "";
  const Health& last = metrics.health.back();
  return fmt::format(
      "epoch {}: nothing was learnt: no view had an error, since the loss is content with the embeddings as they are "
      "(mean distance of two views {:.3g}, of different images {:.3g}); try a [loss] that pushes different images "
      "further apart (more negatives, a larger weight of them), or another threshold",
      metrics.epoch, last.positive_distance, last.negative_distance);
}

}  // namespace biossl
