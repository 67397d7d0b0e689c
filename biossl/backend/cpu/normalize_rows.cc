#include <cmath>

#include "biossl/backend/backend.h"
#include "biossl/backend/cpu/vectors.h"
#include "biossl/core/parallel.h"

namespace biossl::cpu::BIOSSL_LEVEL {
namespace {

/// Calls body(row) for every row of a matrix, in parallel.
template <class Body>
void for_each_row(const Tensor& matrix, const Body& body) {
  parallel_for(matrix.extent(0), 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) body(row);
  });
}

float inverse_or_zero(float length) { return length > 0.0F ? 1.0F / length : 0.0F; }

}  // namespace

void normalize_rows(const Tensor& src, Tensor& dst, Tensor& norms) {
  const std::int64_t features = src.extent(1);
  for_each_row(src, [&](std::int64_t row) {
    const float* from = src.data<float>() + row * features;
    float* to = dst.data<float>() + row * features;
    const float length = std::sqrt(dot(from, from, features));
    norms.data<float>()[row] = length;
    const float scale = inverse_or_zero(length);
    for (std::int64_t k = 0; k < features; ++k) to[k] = from[k] * scale;
  });
}

void normalize_rows_backward(const Tensor& d_dst, const Tensor& dst, const Tensor& norms, Tensor& d_src) {
  const std::int64_t features = dst.extent(1);
  for_each_row(dst, [&](std::int64_t row) {
    const float* error = d_dst.data<float>() + row * features;
    const float* unit = dst.data<float>() + row * features;
    float* to = d_src.data<float>() + row * features;
    const float along = dot(error, unit, features);
    const float scale = inverse_or_zero(norms.data<float>()[row]);
    for (std::int64_t k = 0; k < features; ++k) to[k] = (error[k] - unit[k] * along) * scale;
  });
}

}  // namespace biossl::cpu::BIOSSL_LEVEL
