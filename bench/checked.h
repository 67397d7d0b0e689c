#pragma once

#include <benchmark/benchmark.h>

#include <cmath>
#include <span>

#include "biossl/core/random.h"
#include "biossl/core/tensor.h"

namespace biossl::bench {

/// Uniform in +-spread; the same numbers on every device.
inline Tensor random_tensor(const Shape& shape, Device device, std::uint32_t stream, float spread) {
  Tensor tensor(shape, DType::float32, device);
  Random random(1, Purpose::sample, stream);
  for (float& value : tensor.span<float>()) value = random.uniform(-spread, spread);
  return tensor;
}

/// ||ours - expected|| / ||expected||
inline double relative_error(std::span<const float> ours, std::span<const float> expected) {
  double difference = 0;
  double size = 0;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    difference += std::pow(static_cast<double>(ours[i]) - static_cast<double>(expected[i]), 2);
    size += std::pow(static_cast<double>(expected[i]), 2);
  }
  return std::sqrt(difference / size);
}

/// A bench checks before it times: false, and the bench ends with an error, where the fast path is not the reference.
inline bool agrees(benchmark::State& state, const Tensor& ours, const Tensor& expected) {
  const double error = relative_error(ours.span<const float>(), expected.span<const float>());
  if (error <= 1e-5) return true;
  state.SkipWithError("differs from the reference backend");
  return false;
}

}  // namespace biossl::bench
