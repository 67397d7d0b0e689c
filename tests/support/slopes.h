#pragma once

#include <functional>
#include <vector>

#include "biossl/core/tensor.h"

// Where a function takes long and has many arguments, derivatives along a few random directions of length 1 do: a wrong
// derivative agrees along none of them.
namespace biossl::testing {

/// The derivatives of `function` by `at` (float64) along eight such directions, by central differences. Changes the
/// elements in place and restores them.
std::vector<double> numeric_slopes(Tensor& at, const std::function<double()>& function, double step = 1e-5);
/// The same of a function with this derivative.
std::vector<double> slopes(const std::vector<double>& derivative);

/// Slopes of a derivative by several tensors, whose numbers follow each other, beside those of the function.
struct ComparedSlopes {
  std::vector<double> ours, numeric;
};
ComparedSlopes compare_slopes(const std::vector<double>& derivative, std::vector<Tensor> by,
                              const std::function<double()>& function, double step = 1e-5);

}  // namespace biossl::testing
