#pragma once

#include <cstdint>
#include <memory>

#include "biossl/core/device.h"
#include "biossl/core/dtype.h"
#include "biossl/feedback/feedback.h"
#include "biossl/optim/optimizer.h"

namespace biossl {

/// What everything that learns is made with, the same for a whole network.
struct SynapsesSetup {
  std::uint64_t seed = 1;
  Device device = Device::cpu;
  DType dtype = DType::float32;  ///< of activity and errors: the compute type
  FeedbackFactory feedback = "transpose";
  std::shared_ptr<const Optimizer> optimizer;

  /// The type of weights, updates and embeddings.
  DType master_dtype() const { return master_type(dtype); }
};

}  // namespace biossl
