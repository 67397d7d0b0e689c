#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "biossl/core/device.h"
#include "biossl/recipe/recipe.h"

namespace biossl {

/// How long a training step takes, and how long it could not avoid taking. Medians over the repetitions, in
/// milliseconds. Where a rule takes steps of several kinds (layer-wise ones: one a block), of their means.
struct StepTimes {
  double step = 0;  ///< a whole step: views of a batch, learning, optimiser
  /// Just the convolution and linear primitives that the step ran, back to back on the same shapes and memory; none on
  /// other devices than cpu, where it is not known which they are.
  std::optional<double> conv_floor = {};
  double views = 0;      ///< of it, making both views
  double loss = 0;       ///< of it, loss and errors of the embeddings
  double optimizer = 0;  ///< of it, the optimiser's steps
  /// On a GPU, the share of the steps that it was given as graphs: all but the first few, or something is wrong.
  std::optional<double> graph_share = {};
  std::int64_t batch = 0;
  std::int64_t kinds = 0;   ///< of steps, of which these are the means
  std::int64_t layers = 0;  ///< primitives in the floor of all kinds together

  std::optional<double> ratio() const { return conv_floor ? std::optional(step / *conv_floor) : std::nullopt; }
  double images_per_second() const { return 1000.0 * static_cast<double>(batch) / step; }
};

/// Times a recipe's step on images of the built-in world (no data is needed), step and floor in turn, in one process.
/// Throws std::invalid_argument for a rule by which nothing learns.
StepTimes time_step(const Recipe& recipe, Device device, std::int64_t repetitions);

/// A step with some number of threads: the median over the repetitions, in milliseconds, of the mean over the kinds.
struct ScalingTime {
  int threads = 0;
  double step = 0;
  double alone = 0;  ///< a step with one thread
  std::int64_t batch = 0;

  /// The share of `threads` times one thread's speed that is reached; 1: perfect.
  double efficiency() const { return alone / (step * threads); }
  double images_per_second() const { return 1000.0 * static_cast<double>(batch) / step; }
};

/// Times a recipe's step with 1, 2, 4, ... threads up to the number in force, in turn, in one process; that number is
/// in force again afterwards. Throws as time_step does.
std::vector<ScalingTime> time_scaling(const Recipe& recipe, Device device, std::int64_t repetitions);

}  // namespace biossl
