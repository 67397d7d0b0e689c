#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "biossl/data/dataset.h"

namespace biossl {

/// Statistics of a data set.
struct DatasetSummary {
  std::int64_t images = 0;
  Shape image_shape;                      ///< (H, W, C)
  std::vector<std::string> class_names;   ///< names of the classes 0, 1, …
  std::vector<std::int64_t> class_sizes;  ///< images per class
  std::vector<double> channel_mean;       ///< over all pixels, values in [0,1]
  std::vector<double> channel_deviation;  ///< standard deviation over all pixels
};

DatasetSummary summarize(const Dataset& dataset);

}  // namespace biossl
