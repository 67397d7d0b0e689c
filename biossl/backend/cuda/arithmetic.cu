#include "biossl/backend/backend.h"
#include "biossl/backend/cuda/kernels.cuh"

namespace biossl::cuda {

struct AddScaled {
  float scale;
  __device__ float operator()(float a, float b) const { return a + scale * b; }
};

template <class T>
void apply_signs_of(const T* magnitudes, const T* signs, T* dst, std::int64_t count) {
  for_each(count, [=] __device__(std::int64_t i) {
    const auto sign = static_cast<float>(signs[i]);
    dst[i] = T(sign == 0.0F ? 0.0F : copysignf(static_cast<float>(magnitudes[i]), sign));
  });
}

template <class T>
void scale_of(const T* src, float factor, float offset, T* dst, std::int64_t count) {
  for_each(count, [=] __device__(std::int64_t i) { dst[i] = T(factor * static_cast<float>(src[i]) + offset); });
}

void add_scaled(const Tensor& a, double scale, const Tensor& b, Tensor& dst) {
  with_float_type(dst, [&](auto zero) {
    using T = decltype(zero);
    map_elements(dst.size(), AddScaled{static_cast<float>(scale)}, dst.data<T>(), a.data<T>(), b.data<T>());
  });
}

void apply_signs(const Tensor& magnitudes, const Tensor& signs, Tensor& dst) {
  with_float_type(dst, [&](auto zero) {
    using T = decltype(zero);
    apply_signs_of(magnitudes.data<T>(), signs.data<T>(), dst.data<T>(), dst.size());
  });
}

void scale(const Tensor& src, double factor, double offset, Tensor& dst) {
  with_float_type(src, [&](auto zero) {
    using T = decltype(zero);
    scale_of(src.data<T>(), static_cast<float>(factor), static_cast<float>(offset), dst.data<T>(), src.size());
  });
}

}  // namespace biossl::cuda
