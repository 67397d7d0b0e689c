#include <cmath>

#include "biossl/backend/backend.h"
#include "biossl/backend/reference/elements.h"

namespace biossl::reference {
namespace {

double sign(double x) { return x > 0 ? 1.0 : (x < 0 ? -1.0 : 0.0); }

bool is_negative_pair(std::size_t i, std::size_t j, std::int64_t recent) {
  return recent == 0 ? i != j : j > i && j - i <= static_cast<std::size_t>(recent);
}

double distance(const double* a, const double* b, std::size_t features) {
  double sum = 0;
  for (std::size_t k = 0; k < features; ++k) sum += std::abs(a[k] - b[k]);
  return sum;
}

}  // namespace

void contrastive_hinge(const Tensor& a, const Tensor& b, const Hinge& hinge, Tensor& d_a, Tensor& d_b, Tensor& totals) {
  const auto batch = static_cast<std::size_t>(a.extent(0));
  const auto features = static_cast<std::size_t>(a.extent(1));
  const auto first = static_cast<std::size_t>(hinge.first);
  const std::vector<double> memory = load(a);
  const std::vector<double> current = load(b);
  std::vector<double> memory_error(memory.size());
  std::vector<double> current_error((batch - first) * features);
  double loss = 0;
  for (std::size_t i = 0; i < batch; ++i) {
    for (std::size_t j = first; j < batch; ++j) {
      if (i != j && !is_negative_pair(i, j, hinge.recent)) continue;
      const double d = distance(&memory[i * features], &current[j * features], features);
      const double margin = i == j ? d - hinge.positive_threshold : hinge.negative_threshold - d;
      if (margin <= 0) continue;
      const double weight = i == j ? 1.0 : static_cast<double>(hinge.negative_weight);
      loss += weight * margin;
      for (std::size_t k = 0; k < features; ++k) {
        const double towards = sign(current[j * features + k] - memory[i * features + k]);
        const double change = (i == j ? weight : -weight) * towards;
        current_error[(j - first) * features + k] += change;
        memory_error[i * features + k] -= change;
      }
    }
  }
  if (!d_a.empty()) store(memory_error, d_a);
  Tensor with_error = d_b.rows(hinge.first, d_b.extent(0));
  store(current_error, with_error);
  totals.data<double>()[0] += loss;
  totals.data<double>()[1] += static_cast<double>(count_nonzero_rows(current_error, features));
}

}  // namespace biossl::reference
