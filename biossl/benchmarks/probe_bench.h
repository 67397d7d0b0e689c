#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "biossl/core/device.h"
#include "biossl/core/dtype.h"
#include "biossl/recipe/recipe.h"

namespace biossl {

/// The data of the probe.
struct ProbeBenchShape {
  std::int64_t images = 50'000;  ///< training images; a fifth of them are also the test images
  std::int64_t features = 0;     ///< numbers per image; 0: as the last block outputs for the recipe's data.image_size
  std::int64_t classes = 10;
  std::int64_t epochs = 3;  ///< epochs to train, at least 2; the first is not counted
};

/// Time of the recipe's linear probe on features of a given shape.
struct ProbeTime {
  std::int64_t images = 0;
  std::int64_t features = 0;
  DType kept = DType::float32;                   ///< type of the features
  double epoch = 0;                              ///< seconds per epoch: the median without the first
  double rest = 0;                               ///< seconds of the rest: set-up and both accuracies
  std::int64_t epochs = 0;                       ///< epochs of the recipe
  std::int64_t feature_bytes = 0;                ///< of the training features
  std::optional<std::int64_t> peak_memory = {};  ///< bytes, with the features; std::nullopt if the peak cannot be
                                                 ///< restarted

  /// Seconds for all epochs of the recipe.
  double total() const { return rest + epoch * static_cast<double>(epochs); }
  /// Bytes of features read per second of an epoch.
  double bytes_per_second() const { return static_cast<double>(feature_bytes) / epoch; }
};

/// Trains the recipe's probe on random features. Throws std::invalid_argument for an invalid shape; std::runtime_error
/// if the features do not fit into memory.
ProbeTime time_probe(const Recipe& recipe, const ProbeBenchShape& shape, Device device);

}  // namespace biossl
