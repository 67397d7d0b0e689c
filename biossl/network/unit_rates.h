#pragma once

#include "biossl/network/plasticity.h"

namespace biossl {

/// A rate of its own for each output unit, which falls as the unit's weights approach the length 1 (Journe et al.
/// 2023):
///   update_k <- update_k / max |update| * | |W_k| - 1 |^power
/// Host devices only.
class UnitRates final : public Plasticity {
 public:
  explicit UnitRates(double power) : power_(power) {}

  double power() const { return power_; }
  void transform(const Tensor& weights, Tensor& weight_update, Tensor& bias_update) override;

 private:
  double power_;
  Tensor room_, rates_, largest_, exponent_;  // made on the first call
};

}  // namespace biossl
