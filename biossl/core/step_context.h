#pragma once

#include <cstdint>

#include "biossl/core/tensor.h"

namespace biossl {

/// Where a run stands, and what is known of the batch beside its images.
struct StepContext {
  std::int64_t epoch = 0;  ///< 0 .. LearningRule::total_epochs()-1
  std::int64_t batch = 0;  ///< within the epoch
  double learning_rate = 0;
  Tensor labels = {};  ///< (B) int32, of the images; empty unless the loss reads labels
  /// Number of pairs at the start that belong to earlier micro-batches. Only their view 0 is given: the rows of their
  /// view 1 have no meaning and must not be read. They add nothing to the loss, and their errors are not written. 0
  /// unless the loss has a memory_span() above 0.
  std::int64_t earlier_pairs = 0;
  int block = 0;  ///< the block that learns from this loss
};

}  // namespace biossl
