#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "biossl/core/registry.h"
#include "biossl/core/tensor.h"

namespace biossl {

/// Turns updates into changes of weights. Holds its settings only; its state lies beside the weights it belongs to.
class Optimizer {
 public:
  static constexpr const char* kind = "optimizer";

  virtual ~Optimizer() = default;

  /// The tensors it keeps for every parameter tensor, each of that tensor's size, zero at the start.
  virtual std::vector<std::string> state_names() const = 0;
  /// Changes values in place. `step` counts this parameter tensor's updates from 1.
  virtual void step(const Tensor& update, double learning_rate, std::int64_t step, Tensor& values,
                    std::span<Tensor> state) const = 0;
};

using OptimizerRegistry = Registry<Optimizer>;

}  // namespace biossl
