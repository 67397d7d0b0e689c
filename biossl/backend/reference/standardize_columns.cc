#include <cmath>

#include "biossl/backend/backend.h"
#include "biossl/backend/reference/elements.h"

namespace biossl::reference {

void standardize_columns(const Tensor& src, double epsilon, Tensor& dst, Tensor& deviations) {
  const auto rows = static_cast<std::size_t>(src.extent(0));
  const auto columns = static_cast<std::size_t>(src.extent(1));
  std::vector<double> values = load(src);
  std::vector<double> spreads(columns);
  for (std::size_t c = 0; c < columns; ++c) {
    double mean = 0;
    for (std::size_t n = 0; n < rows; ++n) mean += values[n * columns + c] / static_cast<double>(rows);
    double variance = 0;
    for (std::size_t n = 0; n < rows; ++n) {
      values[n * columns + c] -= mean;
      variance += values[n * columns + c] * values[n * columns + c] / static_cast<double>(rows);
    }
    spreads[c] = std::sqrt(variance + epsilon);
    for (std::size_t n = 0; n < rows; ++n) values[n * columns + c] /= spreads[c];
  }
  store(values, dst);
  store(spreads, deviations);
}

void standardize_columns_backward(const Tensor& d_dst, const Tensor& dst, const Tensor& deviations, Tensor& d_src) {
  const auto rows = static_cast<std::size_t>(dst.extent(0));
  const auto columns = static_cast<std::size_t>(dst.extent(1));
  const std::vector<double> error = load(d_dst);
  const std::vector<double> standard = load(dst);
  const std::vector<double> spreads = load(deviations);
  std::vector<double> result = zeros_like(d_src);
  for (std::size_t c = 0; c < columns; ++c) {
    double mean = 0;
    double along = 0;
    for (std::size_t n = 0; n < rows; ++n) {
      mean += error[n * columns + c] / static_cast<double>(rows);
      along += error[n * columns + c] * standard[n * columns + c] / static_cast<double>(rows);
    }
    for (std::size_t n = 0; n < rows; ++n) {
      const std::size_t at = n * columns + c;
      result[at] = (error[at] - mean - standard[at] * along) / spreads[c];
    }
  }
  store(result, d_src);
}

}  // namespace biossl::reference
