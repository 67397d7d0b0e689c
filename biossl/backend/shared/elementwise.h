#pragma once

#include <cmath>
#include <type_traits>
#include <utility>

#include "biossl/core/level.h"
#include "biossl/ops/elementwise.h"

namespace biossl::shared {
inline namespace BIOSSL_LEVEL {

template <Function function, class T>
T apply_to(T x) {
  if constexpr (function == Function::absolute) {
    return std::abs(x);
  } else if constexpr (function == Function::exponential) {
    return std::exp(x);
  } else if constexpr (function == Function::logarithm) {
    return std::log(x);
  } else if constexpr (function == Function::square) {
    return x * x;
  } else if constexpr (function == Function::square_root) {
    return std::sqrt(x);
  } else if constexpr (function == Function::reciprocal) {
    return T(1) / x;
  } else if constexpr (function == Function::sign) {
    return T(x > T(0)) - T(x < T(0));
  } else if constexpr (function == Function::step) {
    return T(x > T(0));
  } else if constexpr (function == Function::relu) {
    return x < T(0) ? T(0) : x;  // NaN stays
  } else if constexpr (function == Function::sigmoid) {
    return T(1) / (T(1) + std::exp(-x));
  } else {
    // ln (1 + e^x) without overflow.
    return (x > T(0) ? x : T(0)) + std::log1p(std::exp(-std::abs(x)));
  }
}

template <Combination combination, class T>
T combine_two(T a, T b) {
  if constexpr (combination == Combination::add) {
    return a + b;
  } else if constexpr (combination == Combination::subtract) {
    return a - b;
  } else if constexpr (combination == Combination::multiply) {
    return a * b;
  } else if constexpr (combination == Combination::divide) {
    return a / b;
  } else if constexpr (combination == Combination::maximum) {
    return a > b || a != a ? a : b;  // NaN stays, whichever holds it
  } else if constexpr (combination == Combination::minimum) {
    return a < b || a != a ? a : b;
  } else if constexpr (combination == Combination::equal) {
    return T(a == b);
  } else {
    return std::pow(a, b);
  }
}

/// Calls body with the value as a compile-time constant, one of 0 .. last.
template <class Enum, Enum last, class Body>
void with_constant(Enum value, const Body& body) {
  const auto test = [&]<std::size_t... i>(std::index_sequence<i...>) {
    (void)((value == static_cast<Enum>(i) && (body(std::integral_constant<Enum, static_cast<Enum>(i)>{}), true)) ||
           ...);
  };
  test(std::make_index_sequence<static_cast<std::size_t>(last) + 1>{});
}

}  // namespace BIOSSL_LEVEL
}  // namespace biossl::shared
