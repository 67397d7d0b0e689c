#pragma once

#include <vector>

#include "biossl/core/tensor.h"

// The reference loops load values as double, compute in double and round once, when they store.
namespace biossl::reference {

/// The elements of a floating-point tensor; none for an empty one.
std::vector<double> load(const Tensor& from);
/// Writes every element of a floating-point tensor; does nothing to an empty one.
void store(const std::vector<double>& values, Tensor& to);
/// Zeros, as many as the tensor has elements.
std::vector<double> zeros_like(const Tensor& tensor);
/// Number of nonzero rows of a matrix with rows of that size.
std::size_t count_nonzero_rows(const std::vector<double>& values, std::size_t row_size);

}  // namespace biossl::reference
