#include <algorithm>
#include <array>
#include <cmath>

#include "biossl/backend/backend.h"
#include "biossl/core/parallel.h"

// Columns are processed in strips: each row gives one vector of neighbouring numbers, and the sums of the strip stay in
// registers.
namespace biossl::cpu::BIOSSL_LEVEL {
namespace {

constexpr std::int64_t strip = 16;
using Sums = std::array<float, strip>;

/// Calls body(first column, width) for every strip of a matrix, in parallel.
template <class Body>
void for_each_strip(const Tensor& matrix, const Body& body) {
  const std::int64_t columns = matrix.extent(1);
  parallel_for(columns, strip, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t first = begin; first < end; first += strip) body(first, std::min(strip, end - first));
  });
}

/// The mean over all rows of term(element, column of the strip).
template <class Term>
Sums means(const Tensor& matrix, std::int64_t first, std::int64_t width, const Term& term) {
  const std::int64_t rows = matrix.extent(0);
  Sums sums{};
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int64_t at = row * matrix.extent(1) + first;
#pragma omp simd
    for (std::int64_t c = 0; c < width; ++c) sums[static_cast<std::size_t>(c)] += term(at + c, c);
  }
  for (float& sum : sums) sum /= static_cast<float>(rows);
  return sums;
}

/// to[element] = value(element, column of the strip)
template <class Value>
void write(Tensor& matrix, std::int64_t first, std::int64_t width, const Value& value) {
  float* to = matrix.data<float>();
  for (std::int64_t row = 0; row < matrix.extent(0); ++row) {
    const std::int64_t at = row * matrix.extent(1) + first;
    for (std::int64_t c = 0; c < width; ++c) to[at + c] = value(at + c, c);
  }
}

}  // namespace

void standardize_columns(const Tensor& src, double epsilon, Tensor& dst, Tensor& deviations) {
  const float* from = src.data<float>();
  float* spreads = deviations.data<float>();
  for_each_strip(src, [&](std::int64_t first, std::int64_t width) {
    const Sums mean = means(src, first, width, [&](std::int64_t at, std::int64_t) { return from[at]; });
    const auto centred = [&](std::int64_t at, std::int64_t c) { return from[at] - mean[static_cast<std::size_t>(c)]; };
    const Sums variance = means(src, first, width, [&](std::int64_t at, std::int64_t c) {
      const float distance = centred(at, c);
      return distance * distance;
    });
    Sums scale{};
    for (std::int64_t c = 0; c < width; ++c) {
      const auto column = static_cast<std::size_t>(c);
      spreads[first + c] = std::sqrt(variance[column] + static_cast<float>(epsilon));
      scale[column] = 1.0F / spreads[first + c];
    }
    write(dst, first, width,
          [&](std::int64_t at, std::int64_t c) { return centred(at, c) * scale[static_cast<std::size_t>(c)]; });
  });
}

void standardize_columns_backward(const Tensor& d_dst, const Tensor& dst, const Tensor& deviations, Tensor& d_src) {
  const float* error = d_dst.data<float>();
  const float* standard = dst.data<float>();
  const float* spreads = deviations.data<float>();
  for_each_strip(dst, [&](std::int64_t first, std::int64_t width) {
    const Sums mean = means(dst, first, width, [&](std::int64_t at, std::int64_t) { return error[at]; });
    const Sums along =
        means(dst, first, width, [&](std::int64_t at, std::int64_t) { return error[at] * standard[at]; });
    write(d_src, first, width, [&](std::int64_t at, std::int64_t c) {
      const auto column = static_cast<std::size_t>(c);
      return (error[at] - mean[column] - standard[at] * along[column]) / spreads[first + c];
    });
  });
}

}  // namespace biossl::cpu::BIOSSL_LEVEL
