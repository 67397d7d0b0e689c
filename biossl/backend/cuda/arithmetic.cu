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

}  // namespace biossl::cuda
