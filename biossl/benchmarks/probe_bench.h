#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "biossl/core/device.h"
#include "biossl/core/dtype.h"
#include "biossl/recipe/recipe.h"

namespace biossl {

/// What to train a probe on; 0: as the recipe has it.
struct ProbeBenchShape {
  std::int64_t images = 50'000;  ///< training images; a fifth of them are tested on as well
  std::int64_t features = 0;     ///< numbers an image; 0: of the last block's output on the recipe's data.image_size
  std::int64_t classes = 10;
  std::int64_t epochs = 3;  ///< to train for; at least 2, of which the first is not counted
};

/// How long the recipe's linear probe takes on features of a given shape.
struct ProbeTime {
  std::int64_t images = 0;
  std::int64_t features = 0;
  DType kept = DType::float32;                   ///< type of the features that the probe is handed
  double epoch = 0;                              ///< seconds of an epoch: the median of all but the first
  double rest = 0;                               ///< seconds of everything else: what is made once, and both accuracies
  std::int64_t epochs = 0;                       ///< the recipe's
  std::int64_t feature_bytes = 0;                ///< of the training features
  std::optional<std::int64_t> peak_memory = {};  ///< bytes, features included; none where the peak cannot be restarted

  /// Seconds for all epochs of the recipe.
  double total() const { return rest + epoch * static_cast<double>(epochs); }
  /// Bytes of features that an epoch goes through in a second.
  double bytes_per_second() const { return static_cast<double>(feature_bytes) / epoch; }
};

/// Trains the recipe's probe on random features. Throws std::invalid_argument for an impossible shape, and
/// std::runtime_error where the features do not fit into memory.
ProbeTime time_probe(const Recipe& recipe, const ProbeBenchShape& shape, Device device);

}  // namespace biossl
