#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

#include "biossl/core/random.h"
#include "biossl/core/tensor.h"
#include "biossl/ops/weights.h"

namespace biossl::testing {

// All functions work on any device: values pass through host memory.

/// Normal random numbers of the given spread. One seed gives the same numbers for every type and device, up to
/// rounding.
Tensor random_tensor(const Shape& shape, DType dtype, Device device, std::uint32_t seed, float spread = 1.0F);
/// A tensor with these values.
Tensor tensor_of(const Shape& shape, const std::vector<double>& values, DType dtype, Device device);
Tensor bytes_of(const Shape& shape, const std::vector<std::uint8_t>& values, Device device);
Tensor indices_of(const std::vector<std::int32_t>& values, Device device);
/// Random bytes, as pixels.
Tensor random_bytes(const Shape& shape, Device device, std::uint32_t seed);
/// A tensor of NaN (255 for bytes), to detect elements that an operation does not write.
Tensor poisoned(const Shape& shape, DType dtype, Device device);
/// The same values on another device.
Tensor on(Device device, const Tensor& tensor);
/// The elements as double.
std::vector<double> values_of(const Tensor& tensor);

/// ||ours - expected|| / ||expected||, or ||ours|| if expected is zero. Infinite if there is a NaN or the sizes differ.
double relative_error(const std::vector<double>& ours, const std::vector<double>& expected);
double relative_error(const Tensor& ours, const Tensor& expected);

/// <a, b>, in double.
double inner_product(const Tensor& a, const Tensor& b);

/// Tolerance between a backend and the reference backend, as relative_error. float32 differs by the order of sums,
/// bfloat16 also by the rounding of intermediate results.
double tolerance(DType dtype);

/// The derivative of `function` by each element of `at` (float64), by central differences. Changes the elements in
/// place and restores them.
std::vector<double> numeric_derivative(Tensor& at, const std::function<double()>& function, double step = 1e-5);

}  // namespace biossl::testing
