#include "biossl/backend/backend.h"
#include "biossl/backend/reference/activation.h"
#include "biossl/backend/reference/elements.h"
#include "biossl/backend/shared/normal.h"

namespace biossl::reference {

void activation_difference(const Tensor& sums, const Tensor& bias, Activation activation, const Tensor& drop,
                           Tensor& dst) {
  const std::vector<double> sum = load(sums);
  const std::vector<double> offset = load(bias);
  std::vector<double> result = load(drop);
  for (std::size_t i = 0; i < result.size(); ++i) {
    const double z = sum[i] + (offset.empty() ? 0.0 : offset[i % offset.size()]);
    result[i] = activate(activation, z) - activate(activation, z - result[i]);
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

void scale(const Tensor& src, double factor, double offset, Tensor& dst) {
  std::vector<double> values = load(src);
  for (double& value : values) value = factor * value + offset;
  store(values, dst);
}

void add_noise(const Random& stream, double spread, const Tensor& src, Tensor& dst) {
  std::vector<double> values = load(src);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto words = stream.words_at(static_cast<std::uint32_t>(i / 4));
    const std::size_t first = i % 4 < 2 ? 0 : 2;
    const auto pair = shared::exact_normal_pair(words[first], words[first + 1]);
    values[i] += spread * (i % 2 == 0 ? pair.first : pair.second);
  }
  store(values, dst);
}

}  // namespace biossl::reference
