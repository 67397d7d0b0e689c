#include <cmath>

#include "biossl/backend/backend.h"
#include "biossl/backend/cpu/elements.h"
#include "biossl/core/parallel.h"

namespace biossl::cpu::BIOSSL_LEVEL {
namespace {

/// dst = combine(one, other), element by element in single precision. dst may be either operand.
template <class Combine>
void combine(const Tensor& one, const Tensor& other, Tensor& dst, const Combine& combined) {
  with_type(dst, [&](auto zero) {
    using T = decltype(zero);
    const T* ones = one.data<T>();
    const T* others = other.data<T>();
    T* to = dst.data<T>();
    parallel_for(dst.size(), element_grain, [&](std::int64_t begin, std::int64_t end) {
#pragma omp simd
      for (std::int64_t i = begin; i < end; ++i) {
        store(combined(static_cast<float>(ones[i]), static_cast<float>(others[i])), to[i]);
      }
    });
  });
}

}  // namespace

void add_scaled(const Tensor& a, double scale, const Tensor& b, Tensor& dst) {
  const auto factor = static_cast<float>(scale);
  combine(a, b, dst, [factor](float one, float other) { return one + factor * other; });
}

void apply_signs(const Tensor& magnitudes, const Tensor& signs, Tensor& dst) {
  combine(magnitudes, signs, dst,
          [](float magnitude, float sign) { return sign == 0.0F ? 0.0F : std::copysign(magnitude, sign); });
}

void scale(const Tensor& src, double factor, double offset, Tensor& dst) {
  const auto by = static_cast<float>(factor);
  const auto plus = static_cast<float>(offset);
  with_type(src, [&](auto zero) {
    using T = decltype(zero);
    const T* from = src.data<T>();
    fill_elements<T>(dst, [=](std::int64_t i) { return by * static_cast<float>(from[i]) + plus; });
  });
}

}  // namespace biossl::cpu::BIOSSL_LEVEL
