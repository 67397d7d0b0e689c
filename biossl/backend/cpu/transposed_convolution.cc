#include <algorithm>
#include <vector>

#include "biossl/backend/backend.h"
#include "biossl/backend/cpu/activation.h"
#include "biossl/backend/cpu/elements.h"
#include "biossl/core/parallel.h"

// oneDNN runs the transposed convolution as a backward convolution. Bias and activation are added in one pass over the
// result.
namespace biossl::cpu::BIOSSL_LEVEL {
namespace {

/// values = activation(values + bias), channels last.
void add_bias_and_activate(const Tensor& bias, Activation activation, Tensor& values) {
  const std::int64_t channels = values.extent(3);
  shared::with_activation(activation, [&](auto which) {
    with_type(values, [&](auto zero) {
      using T = decltype(zero);
      const float* offset = bias.data<float>();
      T* value = values.data<T>();
      parallel_for(values.size() / channels, 64, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t row = begin; row < end; ++row) {
          const std::int64_t at = row * channels;
#pragma omp simd
          for (std::int64_t c = 0; c < channels; ++c) {
            store(activate<which()>(static_cast<float>(value[at + c]) + offset[c]), value[at + c]);
          }
        }
      });
    });
  });
}

/// sums[c] += the sum over rows [begin, end) of values[row][c]: 256 rows at a time in single precision.
template <class T>
void add_channels(const T* values, std::int64_t channels, std::int64_t begin, std::int64_t end, double* sums) {
  thread_local std::vector<float> some;
  some.resize(static_cast<std::size_t>(channels));
  for (std::int64_t first = begin; first < end; first += 256) {
    std::fill(some.begin(), some.end(), 0.0F);
    float* __restrict sum = some.data();
    for (std::int64_t row = first; row < std::min(first + 256, end); ++row) {
      const T* value = values + row * channels;
#pragma omp simd
      for (std::int64_t c = 0; c < channels; ++c) sum[c] += static_cast<float>(value[c]);
    }
    for (std::int64_t c = 0; c < channels; ++c) sums[c] += static_cast<double>(sum[c]);
  }
}

/// sums[c] = the sum of channel c over all pixels: one part per thread, added in order.
void sum_channels(const Tensor& values, Tensor& sums) {
  const std::int64_t channels = values.extent(3);
  const std::int64_t rows = values.size() / channels;
  const std::int64_t pieces = threads();
  thread_local std::vector<double> kept;
  kept.assign(static_cast<std::size_t>(pieces * channels), 0.0);
  double* shares = kept.data();
  with_type(values, [&](auto zero) {
    using T = decltype(zero);
    parallel_for(pieces, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t piece = begin; piece < end; ++piece) {
        add_channels(values.data<T>(), channels, rows * piece / pieces, rows * (piece + 1) / pieces,
                     shares + piece * channels);
      }
    });
  });
  for (std::int64_t c = 0; c < channels; ++c) {
    double sum = 0;
    for (std::int64_t piece = 0; piece < pieces; ++piece) sum += shares[piece * channels + c];
    sums.data<float>()[c] = static_cast<float>(sum);
  }
}

}  // namespace

void transposed_conv2d_forward(const Tensor& src, const Weights& weights, const Tensor& bias, const Conv2d& conv,
                               Activation activation, Tensor& dst) {
  conv2d_backward_data(src, weights, conv, dst);
  if (!bias.empty()) return add_bias_and_activate(bias, activation, dst);
  if (activation == Activation::none) return;
  thread_local Tensor no_bias;
  if (no_bias.size() < dst.extent(3)) no_bias = Tensor({dst.extent(3)}, DType::float32, Device::cpu);
  add_bias_and_activate(no_bias, activation, dst);
}

void transposed_conv2d_backward_weights(const Tensor& src, const Tensor& d_dst, const Conv2d& conv, Tensor& d_weights,
                                        Tensor& d_bias) {
  Tensor no_bias;
  conv2d_backward_weights(d_dst, src, conv, d_weights, no_bias);
  if (!d_bias.empty()) sum_channels(d_dst, d_bias);
}

}  // namespace biossl::cpu::BIOSSL_LEVEL
