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
  /// Number of pairs at the start that belong to the micro-batch before. The errors of later pairs depend on them; they
  /// add nothing to the loss, and their own errors are left alone. 0 unless the loss has a memory_span().
  std::int64_t earlier_pairs = 0;
  int block = 0;  ///< the block that learns from this loss
};

}  // namespace biossl
