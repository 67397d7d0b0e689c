#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "biossl/core/device.h"
#include "biossl/recipe/recipe.h"

namespace biossl {

/// Time to make the views of a batch: medians over the repetitions, in milliseconds.
struct ViewsTime {
  std::string kind;
  int threads = 0;
  double views = 0;  ///< all views of a batch: both, or one of kinds that make one
  double floor = 0;  ///< lower bound: converts as many bytes to the compute type, in sequential order; on a GPU in the
                     ///< order of a batch
  std::int64_t batch = 0;
  std::int64_t pixels = 0;  ///< of all these views

  double images_per_second() const { return 1000.0 * static_cast<double>(batch) / views; }
  double pixels_per_second() const { return 1000.0 * static_cast<double>(pixels) / views; }
};

/// Times the recipe's views, and the other kinds that can be made of its images with default settings, on images of the
/// built-in world. Uses 1, 2, 4, ... threads up to the current number, which it restores; on a GPU only the current
/// number.
std::vector<ViewsTime> time_views(const Recipe& recipe, Device device, std::int64_t repetitions);

}  // namespace biossl
