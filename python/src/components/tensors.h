#pragma once

#include <nanobind/nanobind.h>

#include <string_view>

#include "biossl/core/tensor.h"

namespace biossl::python {

namespace nb = nanobind;

/// An argument that the function itself looks at, so that None too is refused in one line.
inline nb::arg handed(const char* name) { return nb::arg(name).none(); }

/// The Tensor that this is; null for anything else, and for an empty one, which Tensor.__new__ makes.
const Tensor* tensor_in(nb::handle given);
/// A tensor of this shape and type that holds what Python handed over: a Tensor, or any array with the axes as array_of
/// shows them. A Tensor of the type is taken as it is, everything else is copied. Throws std::invalid_argument, which
/// names `what`, where the shapes differ.
Tensor tensor_of(nb::handle given, const Shape& shape, DType dtype, std::string_view what);
/// The number of rows of a Tensor or an array. Throws std::invalid_argument, which names `what`, for anything else.
std::int64_t rows_of(nb::handle given, std::string_view what);

}  // namespace biossl::python
