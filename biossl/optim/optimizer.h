#pragma once

#include <span>
#include <string>
#include <vector>

#include "biossl/core/registry.h"
#include "biossl/ops/parameter_step.h"

namespace biossl {

/// Turns updates into changes of weights. Holds its settings only; its state lies beside the weights it belongs to.
class Optimizer {
 public:
  static constexpr const char* kind = "optimizer";

  virtual ~Optimizer() = default;

  /// The tensors it keeps for every parameter tensor, each of that tensor's size, zero at the start.
  virtual std::vector<std::string> state_names() const = 0;
  /// Changes the values of some layers' parameters, each by its own step; together, so that a device does it in one
  /// pass.
  virtual void step(std::span<ParameterStep* const> steps) const = 0;
};

using OptimizerRegistry = Registry<Optimizer>;

}  // namespace biossl
