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

void draw_uniform(const Random& stream, float bound, Tensor& dst) {
  Random random = stream;
  std::vector<double> values = zeros_like(dst);
  for (double& value : values) value = static_cast<double>(random.symmetric(bound));
  store(values, dst);
}

void draw_others(const Random& stream, Tensor& dst) {
  Random random = stream;
  const auto count = static_cast<std::int32_t>(dst.size());
  for (std::int32_t i = 0; i < count; ++i) {
    const auto other = static_cast<std::int32_t>(random.below(static_cast<std::uint32_t>(count - 1)));
    dst.data<std::int32_t>()[i] = count == 1 ? 0 : other + (other >= i ? 1 : 0);
  }
}

}  // namespace biossl::reference
