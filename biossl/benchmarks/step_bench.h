#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "biossl/core/device.h"
#include "biossl/recipe/recipe.h"

namespace biossl {

/// Time of a training step and its lower bound: medians over the repetitions, in milliseconds. For rules with several
/// kinds of steps (layer-wise: one per block), medians of the mean over the kinds.
struct StepTimes {
  double step = 0;  ///< a whole step: views, learning, optimiser
  /// The convolution and linear primitives of the step alone, back to back on the same shapes and memory; device cpu
  /// only.
  std::optional<double> conv_floor = {};
  double views = 0;      ///< part for both views
  double loss = 0;       ///< part for the loss and the errors of the embeddings
  double optimizer = 0;  ///< part for the optimiser
  /// On a GPU: the share of steps run as graphs; should be all but the first few.
  std::optional<double> graph_share = {};
  std::int64_t batch = 0;
  std::int64_t kinds = 0;   ///< number of kinds of steps
  std::int64_t layers = 0;  ///< primitives in the lower bound, all kinds together

  std::optional<double> ratio() const { return conv_floor ? std::optional(step / *conv_floor) : std::nullopt; }
  double images_per_second() const { return 1000.0 * static_cast<double>(batch) / step; }
};

/// Times a recipe's step on images of the built-in world, alternating with its lower bound, in one process. Throws
/// std::invalid_argument for a rule that does not learn.
StepTimes time_step(const Recipe& recipe, Device device, std::int64_t repetitions);

/// Time of a step by number of threads, in milliseconds: the median over the repetitions of the mean over the kinds.
struct ScalingTime {
  int threads = 0;
  double step = 0;
  double alone = 0;  ///< with one thread
  std::int64_t batch = 0;

  /// Speed relative to `threads` times the speed of one thread; 1: perfect.
  double efficiency() const { return alone / (step * threads); }
  double images_per_second() const { return 1000.0 * static_cast<double>(batch) / step; }
};

/// Times a recipe's step with 1, 2, 4, ... threads up to the current number, alternating, in one process; restores the
/// number of threads. Throws like time_step.
std::vector<ScalingTime> time_scaling(const Recipe& recipe, Device device, std::int64_t repetitions);

}  // namespace biossl
