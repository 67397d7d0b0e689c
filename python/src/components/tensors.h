#pragma once

#include <nanobind/nanobind.h>

#include <string_view>

#include "biossl/core/tensor.h"

namespace biossl::python {

namespace nb = nanobind;

/// A tensor of this shape and type that holds what Python handed over: a Tensor, or any array with the axes as array_of
/// shows them. A Tensor of the type is taken as it is, everything else is copied. Throws std::invalid_argument, which
/// names `what`, where the shapes differ.
Tensor tensor_of(nb::handle given, const Shape& shape, DType dtype, std::string_view what);
/// The number of rows of a Tensor or an array.
std::int64_t rows_of(nb::handle given);

}  // namespace biossl::python
