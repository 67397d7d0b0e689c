#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "biossl/network/synapses.h"
#include "tests/support/tensors.h"

// A factor that updates have and should not. Where rounding to bfloat16 may turn signs, a bound on relative_error is so
// wide that a factor of a tenth hides behind it; what rounding adds is mostly perpendicular to the update.

namespace biossl::testing {

/// <ours, expected> / <expected, expected>; 1 if both are zero.
inline double factor_between(const std::vector<double>& ours, const std::vector<double>& expected) {
  if (ours.size() != expected.size()) return std::numeric_limits<double>::infinity();
  double along = 0, length = 0;
  bool zero = true;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    along += ours[i] * expected[i];
    length += expected[i] * expected[i];
    zero = zero && ours[i] == 0;
  }
  if (length == 0) return zero ? 1.0 : std::numeric_limits<double>::infinity();
  return along / length;
}

/// The last updates of each layer's weights and bias are as long as expected, seen along the expected ones.
inline void expect_no_factor(const std::vector<Synapses*>& ours, const std::vector<Synapses*>& expected,
                             const std::string& where) {
  ASSERT_EQ(ours.size(), expected.size()) << where;
  const auto update = [](const Synapses& layer) {
    std::vector<double> numbers = values_of(layer.weight_update());
    const std::vector<double> of_bias = values_of(layer.bias_update());
    numbers.insert(numbers.end(), of_bias.begin(), of_bias.end());
    return numbers;
  };
  for (std::size_t i = 0; i < ours.size(); ++i) {
    EXPECT_NEAR(factor_between(update(*ours[i]), update(*expected[i])), 1, 0.05) << where << ", layer " << i;
  }
}

}  // namespace biossl::testing
