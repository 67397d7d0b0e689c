#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "biossl/core/device.h"
#include "biossl/recipe/recipe.h"

namespace biossl {

/// What making both views of a batch takes with a number of threads: medians over the repetitions, in milliseconds.
struct ViewsTime {
  std::string kind;
  int threads = 0;
  double views = 0;  ///< both views of a batch
  double floor = 0;  ///< as many bytes turned into numbers of the compute type, image by image in the order they lie;
                     ///< on a GPU in the order of a batch
  std::int64_t batch = 0;

  double images_per_second() const { return 1000.0 * static_cast<double>(batch) / views; }
};

/// Times the recipe's kind of views, and beside it deform, moments and identity with the settings they have by default,
/// on images of the built-in world: with 1, 2, 4, ... threads up to the number in force, which is in force again
/// afterwards; on a GPU with that number alone, for its work is not the processor's.
std::vector<ViewsTime> time_views(const Recipe& recipe, Device device, std::int64_t repetitions);

}  // namespace biossl
