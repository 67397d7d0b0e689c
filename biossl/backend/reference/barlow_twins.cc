#include "biossl/backend/backend.h"
#include "biossl/backend/reference/elements.h"

namespace biossl::reference {

void barlow_twins(const Tensor& a, const Tensor& b, double lambda, Tensor& /*scratch*/, Tensor& d_a, Tensor& d_b,
                  Tensor& totals) {
  const auto batch = static_cast<std::size_t>(a.extent(0));
  const auto features = static_cast<std::size_t>(a.extent(1));
  const auto share = 1.0 / static_cast<double>(batch);
  const std::vector<double> memory = load(a);
  const std::vector<double> current = load(b);
  std::vector<double> memory_error(memory.size());
  std::vector<double> current_error(current.size());
  double loss = 0;
  for (std::size_t i = 0; i < features; ++i) {
    for (std::size_t j = 0; j < features; ++j) {
      double c = 0;
      for (std::size_t n = 0; n < batch; ++n) c += share * memory[n * features + i] * current[n * features + j];
      loss += i == j ? (1 - c) * (1 - c) : lambda * c * c;
      const double by_correlation = i == j ? -2 * (1 - c) : 2 * lambda * c;
      for (std::size_t n = 0; n < batch; ++n) {
        memory_error[n * features + i] += share * by_correlation * current[n * features + j];
        current_error[n * features + j] += share * by_correlation * memory[n * features + i];
      }
    }
  }
  store(memory_error, d_a);
  store(current_error, d_b);
  totals.data<double>()[0] += loss;
  totals.data<double>()[1] += static_cast<double>(count_nonzero_rows(current_error, features));
}

}  // namespace biossl::reference
