#include <cmath>

#include "biossl/backend/backend.h"
#include "biossl/backend/reference/elements.h"

namespace biossl::reference {

void product_hinge(const Tensor& rows, std::span<const RowPair> pairs, Tensor& errors, Tensor& totals) {
  const auto features = static_cast<std::size_t>(rows.extent(1));
  const std::vector<double> values = load(rows);
  std::vector<double> error(values.size());
  for (const RowPair& pair : pairs) {
    const std::size_t one = static_cast<std::size_t>(pair.one) * features;
    const std::size_t other = static_cast<std::size_t>(pair.other) * features;
    double product = 0;
    for (std::size_t k = 0; k < features; ++k) product += values[one + k] * values[other + k];
    const double miss = pair.weight > 0 ? 1 - product : 1 + product;
    if (miss <= 0) continue;
    totals.data<double>()[0] += std::abs(pair.weight) * miss;
    for (std::size_t k = 0; k < features; ++k) {
      error[one + k] -= pair.weight * values[other + k];
      error[other + k] -= pair.weight * values[one + k];
    }
  }
  store(error, errors);
}

}  // namespace biossl::reference
