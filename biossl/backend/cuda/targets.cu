#include "biossl/backend/backend.h"
#include "biossl/backend/cuda/kernels.cuh"
#include "biossl/backend/shared/activation.h"

namespace biossl::cuda {

template <Activation activation, class T>
void activation_difference_of(const T* sums, const float* bias, std::int64_t channels, const T* rise, T* dst,
                              std::int64_t count) {
  for_each(count, [=] __device__(std::int64_t i) {
    const float z = static_cast<float>(sums[i]) + (bias == nullptr ? 0.0F : bias[i % channels]);
    const auto activated = [](float x) { return shared::activate<activation>(x); };
    dst[i] = T(shared::activation_difference<activation>(z, static_cast<float>(rise[i]), activated));
  });
}

template <Activation activation, class T>
void mean_square_backward_of(const T* output, const T* target, T* d_sums, std::int64_t count) {
  const auto factor = static_cast<float>(2.0 / static_cast<double>(count));
  for_each(count, [=] __device__(std::int64_t i) {
    const auto y = static_cast<float>(output[i]);
    d_sums[i] = T(factor * (y - static_cast<float>(target[i])) * shared::activation_slope<activation>(y));
  });
}

void activation_difference(const Tensor& sums, const Tensor& bias, Activation activation, const Tensor& rise,
                           Tensor& dst) {
  shared::with_activation(activation, [&](auto which) {
    with_float_type(dst, [&](auto zero) {
      using T = decltype(zero);
      activation_difference_of<which()>(sums.data<T>(), data_or_null<float>(bias), sums.extent(sums.shape().rank() - 1),
                                        rise.data<T>(), dst.data<T>(), dst.size());
    });
  });
}

void mean_square_backward(const Tensor& output, const Tensor& target, Activation activation, Tensor& d_sums) {
  shared::with_activation(activation, [&](auto which) {
    with_float_type(output, [&](auto zero) {
      using T = decltype(zero);
      mean_square_backward_of<which()>(output.data<T>(), target.data<T>(), d_sums.data<T>(), output.size());
    });
  });
}

}  // namespace biossl::cuda
