#include "biossl/backend/backend.h"
#include "biossl/backend/cuda/kernels.cuh"
#include "biossl/backend/shared/activation.h"

namespace biossl::cuda {

template <Activation activation>
struct TimesSlope {
  __device__ float operator()(float d_dst, float dst) const {
    return d_dst * shared::activation_slope<activation>(dst);
  }
};

void activation_backward(const Tensor& d_dst, const Tensor& dst, Activation activation, Tensor& d_src) {
  shared::with_activation(activation, [&](auto which) {
    with_float_type(dst, [&](auto zero) {
      using T = decltype(zero);
      map_elements(dst.size(), TimesSlope<which()>{}, d_src.data<T>(), d_dst.data<T>(), dst.data<T>());
    });
  });
}

}  // namespace biossl::cuda
