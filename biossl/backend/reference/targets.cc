#include "biossl/backend/backend.h"
#include "biossl/backend/reference/activation.h"
#include "biossl/backend/reference/elements.h"

namespace biossl::reference {

void activation_difference(const Tensor& sums, const Tensor& bias, Activation activation, const Tensor& rise,
                           Tensor& dst) {
  const std::vector<double> sum = load(sums);
  const std::vector<double> offset = load(bias);
  std::vector<double> result = load(rise);
  for (std::size_t i = 0; i < result.size(); ++i) {
    const double z = sum[i] + (offset.empty() ? 0.0 : offset[i % offset.size()]);
    result[i] = activate(activation, z + result[i]) - activate(activation, z);
  }
  store(result, dst);
}

void mean_square_backward(const Tensor& output, const Tensor& target, Activation activation, Tensor& d_sums) {
  const std::vector<double> is = load(output);
  std::vector<double> result = load(target);
  for (std::size_t i = 0; i < result.size(); ++i) {
    const double difference = is[i] - result[i];
    result[i] = 2.0 * difference * activation_slope(activation, is[i]) / static_cast<double>(result.size());
  }
  store(result, d_sums);
}

}  // namespace biossl::reference
