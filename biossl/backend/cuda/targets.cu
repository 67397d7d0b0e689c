#include "biossl/backend/backend.h"
#include "biossl/backend/cuda/kernels.cuh"
#include "biossl/backend/shared/activation.h"
#include "biossl/backend/shared/normal.h"

namespace biossl::cuda {

template <Activation activation, class T>
void activation_difference_of(const T* sums, const float* bias, std::int64_t channels, const T* drop, T* dst,
                              std::int64_t count) {
  for_each(count, [=] __device__(std::int64_t i) {
    const float z = static_cast<float>(sums[i]) + (bias == nullptr ? 0.0F : bias[i % channels]);
    const auto activated = [](float x) { return shared::activate<activation>(x); };
    dst[i] = T(shared::activation_difference<activation>(z, static_cast<float>(drop[i]), activated));
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

template <class T>
void scale_of(const T* src, float factor, float offset, T* dst, std::int64_t count) {
  for_each(count, [=] __device__(std::int64_t i) { dst[i] = T(factor * static_cast<float>(src[i]) + offset); });
}

/// A thread draws the four numbers of a counter.
template <class T>
void add_noise_of(const Random& stream, float spread, const T* src, T* dst, std::int64_t count) {
  for_each(ceil_div(count, 4), [=] __device__(std::int64_t k) {
    const auto words = stream.words_at(static_cast<std::uint32_t>(k));
    const auto low = shared::normal_pair(words[0], words[1]);
    const auto high = shared::normal_pair(words[2], words[3]);
    const float normal[] = {low.first, low.second, high.first, high.second};
    for (int j = 0; j < 4 && 4 * k + j < count; ++j) {
      dst[4 * k + j] = T(static_cast<float>(src[4 * k + j]) + spread * normal[j]);
    }
  });
}

void activation_difference(const Tensor& sums, const Tensor& bias, Activation activation, const Tensor& drop,
                           Tensor& dst) {
  shared::with_activation(activation, [&](auto which) {
    with_float_type(dst, [&](auto zero) {
      using T = decltype(zero);
      activation_difference_of<which()>(sums.data<T>(), data_or_null<float>(bias), sums.extent(sums.shape().rank() - 1),
                                        drop.data<T>(), dst.data<T>(), dst.size());
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

void scale(const Tensor& src, double factor, double offset, Tensor& dst) {
  with_float_type(src, [&](auto zero) {
    using T = decltype(zero);
    scale_of(src.data<T>(), static_cast<float>(factor), static_cast<float>(offset), dst.data<T>(), src.size());
  });
}

void add_noise(const Random& stream, double spread, const Tensor& src, Tensor& dst) {
  with_float_type(src, [&](auto zero) {
    using T = decltype(zero);
    add_noise_of(stream, static_cast<float>(spread), src.data<T>(), dst.data<T>(), src.size());
  });
}

}  // namespace biossl::cuda
