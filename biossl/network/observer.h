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
  /// A layer has computed its update from this activity and this error; the weights are still those from before it.
  virtual void update_computed(std::string_view /*layer*/, const Tensor& /*pre*/, const PooledError& /*error_post*/,
                               const Tensor& /*weight_update*/) {}
};

}  // namespace biossl
