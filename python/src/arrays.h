#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <string_view>

#include "biossl/core/tensor.h"

namespace biossl::python {

namespace nb = nanobind;

/// Whether Python may write into an array that shares memory with a tensor.
enum class Access { read, write };

/// A NumPy array over a tensor's memory, which it keeps alive. Its axes are those of the tensor, but a tensor of rank 4
/// is shown with its last axis second: activations (N, C, H, W), weights (O, I, K, K). bfloat16 numbers, which NumPy
/// has not, are copied to float32; so are tensors in the memory of a GPU.
nb::object array_of(const Tensor& tensor, Access access = Access::read);
/// The same with the axes as they lie in memory.
nb::object plain_array_of(const Tensor& tensor, Access access = Access::read);

/// Any array on the host: of NumPy, or of whoever speaks DLPack.
using Array = nb::ndarray<nb::ro, nb::device::cpu>;

/// A tensor over an array's memory, which it keeps alive, if the array is contiguous and of this type. Throws
/// std::invalid_argument, which names `what`, otherwise.
Tensor tensor_over(const Array& array, DType dtype, std::string_view what);
/// Copies an array of float32 or float64 numbers, whatever its strides, into a tensor of the same number of elements
/// whose axes are as array_of shows them; the array may be a view of the tensor. Throws std::invalid_argument, which
/// names `what`, unless the shapes agree.
void copy_into(const Array& array, Tensor& tensor, std::string_view what);
/// An array as a tensor on the host, otherwise like another one. Refuses numbers that are not finite, too.
Tensor finite_tensor(const Array& array, const Tensor& like, std::string_view what);

}  // namespace biossl::python
