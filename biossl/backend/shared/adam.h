#pragma once

#include <cmath>
#include <cstdint>

#include "biossl/core/level.h"
#include "biossl/ops/parameter_step.h"
#include "biossl/ops/types.h"

namespace biossl::shared {
inline namespace BIOSSL_LEVEL {

/// Coefficients of one Adam step, the same for every element; computed in double.
template <class T>
struct AdamCoefficients {
  T beta1;
  T beta2;
  T fresh1;                   ///< 1 - beta1
  T fresh2;                   ///< 1 - beta2
  T step_size;                ///< learning_rate / (1 - beta1^step)
  T inverse_root_correction;  ///< 1 / sqrt(1 - beta2^step)
  T epsilon;
};

/// step counts from 1.
template <class T>
AdamCoefficients<T> adam_coefficients(const Adam& adam, double learning_rate, std::int64_t step) {
  const double beta1 = adam.beta1;
  const double beta2 = adam.beta2;
  const double correction1 = 1.0 - std::pow(beta1, static_cast<double>(step));
  const double correction2 = 1.0 - std::pow(beta2, static_cast<double>(step));
  return {static_cast<T>(beta1),
          static_cast<T>(beta2),
          static_cast<T>(1.0 - beta1),
          static_cast<T>(1.0 - beta2),
          static_cast<T>(learning_rate / correction1),
          static_cast<T>(1.0 / std::sqrt(correction2)),
          static_cast<T>(adam.epsilon)};
}

/// The increment of one value; moves its moments by one step.
template <class T>
constexpr T adam_increment(const AdamCoefficients<T>& c, T update, T& m, T& v) {
  m = c.beta1 * m + c.fresh1 * update;
  v = c.beta2 * v + c.fresh2 * update * update;
  return -c.step_size * m / (std::sqrt(v) * c.inverse_root_correction + c.epsilon);
}

/// The share of itself that a value loses in a step. The share that it keeps would be 1 in float32 for most decays.
template <class T>
T lost_share(const ParameterStep& step, double weight_decay) {
  return static_cast<T>(step.decay + step.learning_rate * weight_decay);
}

}  // namespace BIOSSL_LEVEL
}  // namespace biossl::shared
