#pragma once

#include <algorithm>
#include <cmath>

#include "biossl/backend/shared/activation.h"
#include "biossl/core/level.h"

namespace biossl::cpu::BIOSSL_LEVEL {

/// tanh as a quotient of odd and even polynomials on [-7.905, 7.905] (outside, tanh is 1 in float32), so that loops
/// vectorise; absolute error below 5e-7. Coefficients of Eigen's generic_fast_tanh_float.
inline float fast_tanh(float x) {
  const float c = std::min(std::max(x, -7.90531110763549805F), 7.90531110763549805F);
  const float s = c * c;
  float odd = -2.76076847742355e-16F;
  odd = odd * s + 2.00018790482477e-13F;
  odd = odd * s - 8.60467152213735e-11F;
  odd = odd * s + 5.12229709037114e-08F;
  odd = odd * s + 1.48572235717979e-05F;
  odd = odd * s + 6.37261928875436e-04F;
  odd = odd * s + 4.89352455891786e-03F;
  float even = 1.19825839466702e-06F;
  even = even * s + 1.18534705686654e-04F;
  even = even * s + 2.26843463243900e-03F;
  even = even * s + 4.89352518554385e-03F;
  return c * odd / even;
}

template <Activation activation>
float activate(float x) {
  if constexpr (activation == Activation::tanh) return fast_tanh(x);
  return shared::activate<activation>(x);
}

}  // namespace biossl::cpu::BIOSSL_LEVEL
