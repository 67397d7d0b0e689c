#pragma once

#include <cstdint>
#include <cstring>

#include "biossl/core/dtype.h"
#include "biossl/core/level.h"

// A vector register of float32 numbers, as wide as the processor that this is compiled for has. For kernels whose speed
// depends on which numbers stay in registers, which `omp simd` cannot control.
namespace biossl::cpu::BIOSSL_LEVEL {

#if defined(__AVX512F__)
inline constexpr std::int64_t lane_count = 16;
#elif defined(__AVX__)
inline constexpr std::int64_t lane_count = 8;
#else
inline constexpr std::int64_t lane_count = 4;
#endif

using Lanes = float __attribute__((vector_size(lane_count * sizeof(float))));

inline Lanes load_lanes(const float* from) {
  Lanes lanes;
  std::memcpy(&lanes, from, sizeof lanes);
  return lanes;
}

inline Lanes load_lanes(const bfloat16* from) {
  using Halves = std::uint16_t __attribute__((vector_size(lane_count * sizeof(std::uint16_t))));
  using Words = std::uint32_t __attribute__((vector_size(lane_count * sizeof(std::uint32_t))));
  Halves halves;
  std::memcpy(&halves, from, sizeof halves);
  const Words words = __builtin_convertvector(halves, Words) << 16;
  return reinterpret_cast<Lanes>(words);
}

/// One number in every lane. Subtracts zero instead of adding it: x - 0 is x for every x, so the compiler makes it a
/// broadcasting load; x + 0 would change -0 and stay an addition.
inline Lanes same_lanes(float number) { return number - Lanes{}; }

/// A whole number for each number of a register.
using Numbers = std::int32_t __attribute__((vector_size(lane_count * sizeof(std::int32_t))));
using ByteNumbers = std::uint8_t __attribute__((vector_size(lane_count)));

inline Numbers load_numbers(const std::uint8_t* from) {
  ByteNumbers bytes;
  std::memcpy(&bytes, from, sizeof bytes);
  return __builtin_convertvector(bytes, Numbers);
}

inline void store_numbers(const Numbers& numbers, std::uint8_t* to) {
  const ByteNumbers bytes = __builtin_convertvector(numbers, ByteNumbers);
  std::memcpy(to, &bytes, sizeof bytes);
}

inline void store_lanes(const Lanes& lanes, float* to) { std::memcpy(to, &lanes, sizeof lanes); }

}  // namespace biossl::cpu::BIOSSL_LEVEL
