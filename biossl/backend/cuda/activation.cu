#include "biossl/backend/backend.h"
#include "biossl/backend/cuda/kernels.cuh"
#include "biossl/backend/shared/activation.h"

namespace biossl::cuda {

template <Activation activation, class T>
void activation_backward_of(const T* d_dst, const T* dst, T* d_src, std::int64_t count) {
  for_each(count, [=] __device__(std::int64_t i) {
    const float slope = shared::activation_slope<activation>(static_cast<float>(dst[i]));
    d_src[i] = T(static_cast<float>(d_dst[i]) * slope);
  });
}

void activation_backward(const Tensor& d_dst, const Tensor& dst, Activation activation, Tensor& d_src) {
  shared::with_activation(activation, [&](auto which) {
    with_float_type(dst, [&](auto zero) {
      using T = decltype(zero);
      activation_backward_of<which()>(d_dst.data<T>(), dst.data<T>(), d_src.data<T>(), dst.size());
    });
  });
}

}  // namespace biossl::cuda
