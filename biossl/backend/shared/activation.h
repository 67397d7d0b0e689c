#pragma once

#include <cmath>
#include <type_traits>

#include "biossl/core/level.h"
#include "biossl/ops/types.h"

// Arithmetic of single elements, shared by the backends. The functions are constexpr, so that CUDA kernels can call
// them (nvcc's relaxed constexpr). They select values instead of branching, so that loops vectorise.
namespace biossl::shared {
inline namespace BIOSSL_LEVEL {

/// activation(x).
template <Activation activation, class T>
constexpr T activate(T x) {
  if constexpr (activation == Activation::hardtanh) {
    const T above = x < T(-1) ? T(-1) : x;
    return above > T(1) ? T(1) : above;
  } else if constexpr (activation == Activation::tanh) {
    return std::tanh(x);
  } else if constexpr (activation == Activation::relu) {
    return x < T(0) ? T(0) : x;
  } else {
    return x;
  }
}

/// activation'(x) from the output y = activation(x).
template <Activation activation, class T>
constexpr T activation_slope(T y) {
  if constexpr (activation == Activation::hardtanh) {
    return ((y > T(-1)) & (y < T(1))) ? T(1) : T(0);
  } else if constexpr (activation == Activation::tanh) {
    return T(1) - y * y;
  } else if constexpr (activation == Activation::relu) {
    return y > T(0) ? T(1) : T(0);
  } else {
    return T(1);
  }
}

/// activation(z + rise) - activation(z); `activated` computes the activation. tanh uses the addition theorem, which
/// avoids cancellation.
template <Activation activation, class T, class Activated>
constexpr T activation_difference(T z, T rise, const Activated& activated) {
  if constexpr (activation == Activation::tanh) {
    return activated(rise) * (T(1) - activated(z) * activated(z + rise));
  } else if constexpr (activation == Activation::none) {
    return rise;
  } else {
    return activated(z + rise) - activated(z);
  }
}

template <Activation activation>
using ActivationConstant = std::integral_constant<Activation, activation>;

/// Calls body with the activation as a compile-time constant:
///   with_activation(a, [&](auto which) { activate<which()>(x); })
template <class Body>
constexpr decltype(auto) with_activation(Activation activation, Body&& body) {
  switch (activation) {
    case Activation::hardtanh:
      return body(ActivationConstant<Activation::hardtanh>{});
    case Activation::tanh:
      return body(ActivationConstant<Activation::tanh>{});
    case Activation::relu:
      return body(ActivationConstant<Activation::relu>{});
    case Activation::none:
      break;
  }
  return body(ActivationConstant<Activation::none>{});
}

}  // namespace BIOSSL_LEVEL
}  // namespace biossl::shared
