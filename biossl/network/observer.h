#pragma once

#include <string_view>

#include "biossl/ops/pooled_error.h"

namespace biossl {

/// Sees what happens at each layer in a step, while it happens; the tensors live no longer than the call. Instruments
/// derive from it and override what they look at. Layers are called "blocks.0", "heads.4".
class Observer {
 public:
  virtual ~Observer() = default;

  /// An error has crossed a layer: error_post came, error_pre goes on.
  virtual void error_sent(std::string_view /*layer*/, const PooledError& /*error_post*/, const Tensor& /*error_pre*/) {}
  /// Called for each micro-batch. pre and error_post are this micro-batch's; weight_update is the sum over the batch's
  /// micro-batches so far, with UpdateOptions::unit_decay added and, for the last one, changed by the plasticity. The
  /// weights are still those from before the update.
  virtual void update_computed(std::string_view /*layer*/, const Tensor& /*pre*/, const PooledError& /*error_post*/,
                               const Tensor& /*weight_update*/) {}
};

}  // namespace biossl
