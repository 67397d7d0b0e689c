#include <algorithm>
#include <cmath>

#include "biossl/backend/backend.h"
#include "biossl/backend/reference/elements.h"

namespace biossl::reference {

void nt_xent(const Tensor& unit, double temperature, Tensor& /*scratch*/, Tensor& d_unit, Tensor& totals) {
  const auto rows = static_cast<std::size_t>(unit.extent(0));
  const auto features = static_cast<std::size_t>(unit.extent(1));
  const double pairs = static_cast<double>(rows) / 2;  // rows are even
  const std::vector<double> values = load(unit);
  std::vector<double> errors = zeros_like(unit);
  std::vector<double> similarity(rows);
  double loss = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    const std::size_t partner = (i + rows / 2) % rows;
    double largest = -INFINITY;
    for (std::size_t j = 0; j < rows; ++j) {
      similarity[j] = 0;
      for (std::size_t k = 0; k < features; ++k) similarity[j] += values[i * features + k] * values[j * features + k];
      similarity[j] /= temperature;
      if (j != i) largest = std::max(largest, similarity[j]);
    }
    double sum = 0;
    for (std::size_t j = 0; j < rows; ++j) sum += j == i ? 0 : std::exp(similarity[j] - largest);
    loss += (std::log(sum) + largest - similarity[partner]) / pairs;
    for (std::size_t j = 0; j < rows; ++j) {
      if (j == i) continue;
      const double probability = std::exp(similarity[j] - largest) / sum;
      const double by_similarity = (probability - (j == partner ? 1.0 : 0.0)) / (pairs * temperature);
      for (std::size_t k = 0; k < features; ++k) {
        errors[i * features + k] += by_similarity * values[j * features + k];
        errors[j * features + k] += by_similarity * values[i * features + k];
      }
    }
  }
  store(errors, d_unit);
  const std::vector<double> current(errors.begin() + static_cast<std::ptrdiff_t>(errors.size() / 2), errors.end());
  totals.data<double>()[0] += loss;
  totals.data<double>()[1] += static_cast<double>(count_nonzero_rows(current, features));
}

}  // namespace biossl::reference
