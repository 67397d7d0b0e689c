#include <cmath>

#include "biossl/backend/backend.h"
#include "biossl/backend/reference/elements.h"

namespace biossl::reference {

void add_scaled(const Tensor& a, double scale, const Tensor& b, Tensor& dst) {
  std::vector<double> sum = load(a);
  const std::vector<double> added = load(b);
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += scale * added[i];
  store(sum, dst);
}

void apply_signs(const Tensor& magnitudes, const Tensor& signs, Tensor& dst) {
  std::vector<double> values = load(magnitudes);
  const std::vector<double> sign = load(signs);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = sign[i] == 0 ? 0.0 : std::copysign(values[i], sign[i]);
  }
  store(values, dst);
}

void scale(const Tensor& src, double factor, double offset, Tensor& dst) {
  std::vector<double> values = load(src);
  for (double& value : values) value = factor * value + offset;
  store(values, dst);
}

}  // namespace biossl::reference
