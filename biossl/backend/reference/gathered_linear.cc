#include "biossl/backend/backend.h"
#include "biossl/backend/reference/elements.h"

namespace biossl::reference {
namespace {

/// Index of the first element of each chosen row in src.
std::vector<std::size_t> row_starts(const Tensor& src, const Tensor& rows) {
  std::vector<std::size_t> starts;
  for (const std::int32_t row : rows.span<std::int32_t>()) {
    starts.push_back(static_cast<std::size_t>(row * src.shape().row_size()));
  }
  return starts;
}

}  // namespace

void gathered_linear_forward(const Tensor& src, const Tensor& rows, const Tensor& weights, const Tensor& bias,
                             Tensor& dst) {
  const std::vector<double> input = load(src);
  const std::vector<double> weight = load(weights);
  const std::vector<double> offset = load(bias);
  const auto in = static_cast<std::size_t>(src.shape().row_size());
  std::vector<double> output;
  for (const std::size_t start : row_starts(src, rows)) {
    for (std::size_t o = 0; o < offset.size(); ++o) {
      double sum = offset[o];
      for (std::size_t i = 0; i < in; ++i) sum += input[start + i] * weight[o * in + i];
      output.push_back(sum);
    }
  }
  store(output, dst);
}

void gathered_linear_backward_weights(const Tensor& src, const Tensor& rows, const Tensor& d_dst, Tensor& d_weights,
                                      Tensor& d_bias) {
  const std::vector<double> input = load(src);
  const std::vector<double> error = load(d_dst);
  const auto in = static_cast<std::size_t>(src.shape().row_size());
  std::vector<double> update = zeros_like(d_weights);
  std::vector<double> bias_update = zeros_like(d_bias);
  auto next = error.begin();
  for (const std::size_t start : row_starts(src, rows)) {
    for (std::size_t o = 0; o < bias_update.size(); ++o) {
      const double of_output = *next++;
      bias_update[o] += of_output;
      for (std::size_t i = 0; i < in; ++i) update[o * in + i] += of_output * input[start + i];
    }
  }
  store(update, d_weights);
  store(bias_update, d_bias);
}

}  // namespace biossl::reference
