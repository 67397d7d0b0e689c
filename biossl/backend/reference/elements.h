#pragma once

#include <vector>

#include "biossl/core/tensor.h"

// The reference loops take every value as double, do all arithmetic in double and round once, when a result is stored.
namespace biossl::reference {

/// The elements of a floating-point tensor; none for an empty one.
std::vector<double> load(const Tensor& from);
/// Writes every element of a floating-point tensor; does nothing to an empty one.
void store(const std::vector<double>& values, Tensor& to);
/// As many zeros as the tensor has elements.
std::vector<double> zeros_like(const Tensor& tensor);
/// How many rows of a matrix with rows of that size hold anything but zeros.
std::size_t count_nonzero_rows(const std::vector<double>& values, std::size_t row_size);

}  // namespace biossl::reference
