#include <cmath>

#include "biossl/backend/backend.h"
#include "biossl/backend/reference/elements.h"

namespace biossl::reference {

void normalize_rows(const Tensor& src, Tensor& dst, Tensor& norms) {
  const auto batch = static_cast<std::size_t>(src.extent(0));
  const auto features = static_cast<std::size_t>(src.extent(1));
  std::vector<double> values = load(src);
  std::vector<double> lengths(batch);
  for (std::size_t n = 0; n < batch; ++n) {
    double* row = &values[n * features];
    double sum = 0;
    for (std::size_t k = 0; k < features; ++k) sum += row[k] * row[k];
    lengths[n] = std::sqrt(sum);
    if (sum == 0) continue;
    for (std::size_t k = 0; k < features; ++k) row[k] /= lengths[n];
  }
  store(values, dst);
  store(lengths, norms);
}

void normalize_rows_backward(const Tensor& d_dst, const Tensor& dst, const Tensor& norms, Tensor& d_src) {
  const auto batch = static_cast<std::size_t>(dst.extent(0));
  const auto features = static_cast<std::size_t>(dst.extent(1));
  const std::vector<double> error = load(d_dst);
  const std::vector<double> direction = load(dst);
  const std::vector<double> lengths = load(norms);
  std::vector<double> result = zeros_like(d_src);
  for (std::size_t n = 0; n < batch; ++n) {
    if (lengths[n] == 0) continue;
    const std::size_t first = n * features;
    double along = 0;
    for (std::size_t k = 0; k < features; ++k) along += error[first + k] * direction[first + k];
    for (std::size_t k = 0; k < features; ++k) {
      result[first + k] = (error[first + k] - direction[first + k] * along) / lengths[n];
    }
  }
  store(result, d_src);
}

}  // namespace biossl::reference
