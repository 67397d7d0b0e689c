#include "biossl/backend/backend.h"
#include "biossl/backend/reference/activation.h"
#include "biossl/backend/reference/elements.h"

namespace biossl::reference {
namespace {

/// N, O and I of a linear layer.
struct Sizes {
  std::size_t batch, out, in;

  Sizes(const Tensor& src, const Tensor& dst)
      : batch(static_cast<std::size_t>(dst.extent(0))),
        out(static_cast<std::size_t>(dst.extent(1))),
        in(static_cast<std::size_t>(src.shape().row_size())) {}
};

}  // namespace

void linear_forward(const Tensor& src, const Weights& weights, const Tensor& bias, Activation activation, Tensor& dst) {
  const Sizes sizes(src, dst);
  const std::vector<double> input = load(src);
  const std::vector<double> weight = load(weights.values());
  const std::vector<double> offset = load(bias);
  std::vector<double> output = zeros_like(dst);
  for (std::size_t n = 0; n < sizes.batch; ++n) {
    for (std::size_t o = 0; o < sizes.out; ++o) {
      double sum = offset.empty() ? 0.0 : offset[o];
      for (std::size_t i = 0; i < sizes.in; ++i) sum += input[n * sizes.in + i] * weight[o * sizes.in + i];
      output[n * sizes.out + o] = activate(activation, sum);
    }
  }
  store(output, dst);
}

void linear_backward_data(const Tensor& d_dst, const Weights& weights, Tensor& d_src) {
  const Sizes sizes(d_src, d_dst);
  const std::vector<double> error = load(d_dst);
  const std::vector<double> weight = load(weights.values());
  std::vector<double> result = zeros_like(d_src);
  for (std::size_t n = 0; n < sizes.batch; ++n) {
    for (std::size_t o = 0; o < sizes.out; ++o) {
      for (std::size_t i = 0; i < sizes.in; ++i) {
        result[n * sizes.in + i] += error[n * sizes.out + o] * weight[o * sizes.in + i];
      }
    }
  }
  store(result, d_src);
}

void linear_backward_weights(const Tensor& src, const Tensor& d_dst, Tensor& d_weights, Tensor& d_bias) {
  const Sizes sizes(src, d_dst);
  const std::vector<double> input = load(src);
  const std::vector<double> error = load(d_dst);
  std::vector<double> update = zeros_like(d_weights);
  std::vector<double> bias_update(sizes.out);
  for (std::size_t n = 0; n < sizes.batch; ++n) {
    for (std::size_t o = 0; o < sizes.out; ++o) {
      bias_update[o] += error[n * sizes.out + o];
      for (std::size_t i = 0; i < sizes.in; ++i) {
        update[o * sizes.in + i] += error[n * sizes.out + o] * input[n * sizes.in + i];
      }
    }
  }
  store(update, d_weights);
  store(bias_update, d_bias);
}

}  // namespace biossl::reference
