#include "biossl/backend/backend.h"
#include "biossl/backend/cuda/kernels.cuh"

namespace biossl::cuda {

template <class From, class To>
__device__ To converted(From value) {
  constexpr bool narrow = std::is_same_v<From, bfloat16> || std::is_same_v<To, bfloat16>;
  if constexpr (narrow) {
    return To(static_cast<float>(value));
  } else {
    return static_cast<To>(value);
  }
}

template <class From, class To>
void convert_elements(const From* from, To* to, std::int64_t count) {
  for_each(count, [=] __device__(std::int64_t i) { to[i] = converted<From, To>(from[i]); });
}

template <class From>
void convert_from(const Tensor& src, Tensor& dst) {
  const From* from = src.data<From>();
  if (dst.dtype() == DType::float64) return convert_elements(from, dst.data<double>(), src.size());
  with_float_type(dst, [&](auto zero) { convert_elements(from, dst.data<decltype(zero)>(), src.size()); });
}

void convert(const Tensor& src, Tensor& dst) {
  if (src.dtype() == DType::float64) return convert_from<double>(src, dst);
  with_float_type(src, [&](auto zero) { convert_from<decltype(zero)>(src, dst); });
}

}  // namespace biossl::cuda
