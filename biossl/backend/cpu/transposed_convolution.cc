#include "biossl/backend/backend.h"
#include "biossl/backend/cpu/activation.h"
#include "biossl/backend/cpu/bias.h"
#include "biossl/backend/cpu/elements.h"
#include "biossl/backend/cpu/scratch.h"
#include "biossl/core/parallel.h"

// oneDNN runs the transposed convolution as a backward convolution. Bias and activation are added in one pass over the
// result.
namespace biossl::cpu::BIOSSL_LEVEL {
namespace {

/// values = activation(values + bias), channels last.
void add_bias_and_activate(const float* bias, Activation activation, Tensor& values) {
  const std::int64_t channels = values.extent(3);
  shared::with_activation(activation, [&](auto which) {
    with_type(values, [&](auto zero) {
      using T = decltype(zero);
      T* value = values.data<T>();
      parallel_for(values.size() / channels, 64, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t row = begin; row < end; ++row) {
          const std::int64_t at = row * channels;
#pragma omp simd
          for (std::int64_t c = 0; c < channels; ++c) {
            store(activate<which()>(static_cast<float>(value[at + c]) + bias[c]), value[at + c]);
          }
        }
      });
    });
  });
}

}  // namespace

void transposed_conv2d_forward(const Tensor& src, const Weights& weights, const Tensor& bias, const Conv2d& conv,
                               Activation activation, Tensor& dst) {
  conv2d_backward_data(src, weights, conv, dst);
  if (bias.empty() && activation == Activation::none) return;
  add_bias_and_activate(bias.empty() ? zeros(dst.extent(3)) : bias.data<float>(), activation, dst);
}

void transposed_conv2d_backward_weights(const Tensor& src, const Tensor& d_dst, const Conv2d& conv, Tensor& d_weights,
                                        Tensor& d_bias) {
  Tensor no_bias;
  conv2d_backward_weights(d_dst, src, conv, d_weights, no_bias);
  with_type(d_dst, [&](auto zero) { sum_bias<decltype(zero)>(d_dst, d_bias); });
}

}  // namespace biossl::cpu::BIOSSL_LEVEL
