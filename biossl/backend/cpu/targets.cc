#include "biossl/backend/backend.h"
#include "biossl/backend/cpu/activation.h"
#include "biossl/backend/cpu/elements.h"
#include "biossl/core/parallel.h"

namespace biossl::cpu::BIOSSL_LEVEL {

void activation_difference(const Tensor& sums, const Tensor& bias, Activation activation, const Tensor& rise,
                           Tensor& dst) {
  const std::int64_t channels = sums.extent(sums.shape().rank() - 1);
  shared::with_activation(activation, [&](auto which) {
    with_type(dst, [&](auto zero) {
      using T = decltype(zero);
      using Which = decltype(which);  // GCC 14 requires a capture for a constant inside omp simd
      const auto activated = [](float x) { return activate<Which::value>(x); };
      const float* offset = bias.empty() ? nullptr : bias.data<float>();
      const T* sum = sums.data<T>();
      const T* rises = rise.data<T>();
      T* to = dst.data<T>();
      parallel_for(dst.size() / channels, 64, [=](std::int64_t begin, std::int64_t end) {
        for (std::int64_t row = begin; row < end; ++row) {
          const std::int64_t at = row * channels;
#pragma omp simd
          for (std::int64_t c = 0; c < channels; ++c) {
            const float z = static_cast<float>(sum[at + c]) + (offset == nullptr ? 0.0F : offset[c]);
            store(shared::activation_difference<Which::value>(z, static_cast<float>(rises[at + c]), activated),
                  to[at + c]);
          }
        }
      });
    });
  });
}

void mean_square_backward(const Tensor& output, const Tensor& target, Activation activation, Tensor& d_sums) {
  const auto factor = static_cast<float>(2.0 / static_cast<double>(output.size()));
  shared::with_activation(activation, [&](auto which) {
    with_type(output, [&](auto zero) {
      using T = decltype(zero);
      const T* is = output.data<T>();
      const T* wanted = target.data<T>();
      fill_elements<T>(d_sums, [=](std::int64_t i) {
        const auto y = static_cast<float>(is[i]);
        return factor * (y - static_cast<float>(wanted[i])) * shared::activation_slope<which()>(y);
      });
    });
  });
}

}  // namespace biossl::cpu::BIOSSL_LEVEL
