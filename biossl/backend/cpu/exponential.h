#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "biossl/core/level.h"

namespace biossl::cpu::BIOSSL_LEVEL {

/// e^x for x <= 0, so that loops vectorise; relative error below 3e-7. 0 below -87, where float32 underflows.
inline float exponential(float x) {
  constexpr float log2_e = 1.44269504F;
  constexpr float ln2_high = 0.693359375F;  // few bits, so that its product with a small integer is exact
  constexpr float ln2_low = -2.12194440e-4F;
  constexpr float smallest = -87.0F;
  const float bounded = x < smallest ? smallest : x;
  const float power = std::rint(bounded * log2_e);
  const float rest = (bounded - power * ln2_high) - power * ln2_low;  // |rest| <= ln(2) / 2
  // Taylor series; truncation error below 6e-9.
  float sum = 1.0F / 5040.0F;
  for (const float coefficient : {1.0F / 720.0F, 1.0F / 120.0F, 1.0F / 24.0F, 1.0F / 6.0F, 0.5F, 1.0F, 1.0F}) {
    sum = sum * rest + coefficient;
  }
  const auto bits = (static_cast<std::int32_t>(power) + 127) << 23;
  return x < smallest ? 0.0F : sum * std::bit_cast<float>(bits);
}

}  // namespace biossl::cpu::BIOSSL_LEVEL
