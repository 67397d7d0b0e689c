#pragma once

#include <cstdint>

#include "biossl/core/level.h"
#include "biossl/core/tensor.h"

namespace biossl::cpu::BIOSSL_LEVEL {

/// Memory for `floats` numbers that a function keeps between calls, mostly as a thread_local; it grows on demand.
inline float* grown(Tensor& memory, std::int64_t floats) {
  if (memory.size() < floats) memory = Tensor({floats}, DType::float32, Device::cpu);
  return memory.data<float>();
}

/// `floats` zeros, which nobody writes.
inline const float* zeros(std::int64_t floats) {
  thread_local Tensor memory;
  if (memory.size() < floats) {
    memory = Tensor({floats}, DType::float32, Device::cpu);
  }
  return memory.data<float>();
}

}  // namespace biossl::cpu::BIOSSL_LEVEL
