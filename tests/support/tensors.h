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

// All of these work on any device: values pass through host memory.

/// A tensor of normal random numbers of the given spread, the same for one seed whatever the type or device (up to
/// rounding).
Tensor random_tensor(const Shape& shape, DType dtype, Device device, std::uint32_t seed, float spread = 1.0F);
/// A tensor with these values.
Tensor tensor_of(const Shape& shape, const std::vector<double>& values, DType dtype, Device device);
Tensor bytes_of(const Shape& shape, const std::vector<std::uint8_t>& values, Device device);
Tensor indices_of(const std::vector<std::int32_t>& values, Device device);
/// Random bytes, as pixels.
Tensor random_bytes(const Shape& shape, Device device, std::uint32_t seed);
/// A tensor of NaN (255 for bytes), so that an element that an operation leaves unwritten is noticed.
Tensor poisoned(const Shape& shape, DType dtype, Device device);
/// The same values on another device.
Tensor on(Device device, const Tensor& tensor);
/// The elements as double, whatever their type.
std::vector<double> values_of(const Tensor& tensor);

/// ||ours - expected|| / ||expected||, or ||ours|| where nothing but zero is expected. NaN anywhere, or another size,
/// gives infinity.
double relative_error(const std::vector<double>& ours, const std::vector<double>& expected);
double relative_error(const Tensor& ours, const Tensor& expected);

/// <a, b>, in double.
double inner_product(const Tensor& a, const Tensor& b);

/// The type of the weights, updates and biases beside activations of this type.
inline DType master_type(DType activations) { return activations == DType::float64 ? DType::float64 : DType::float32; }

/// How far a backend may be from the reference backend, as relative_error: float32 differs by the order of its sums,
/// bfloat16 also by where intermediate results are rounded.
double tolerance(DType dtype);

/// The derivative of `function` by each element of `at` (float64), by central differences. The elements are changed in
/// place and restored.
std::vector<double> numeric_derivative(Tensor& at, const std::function<double()>& function, double step = 1e-5);

}  // namespace biossl::testing
