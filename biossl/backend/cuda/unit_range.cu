#include "biossl/backend/backend.h"
#include "biossl/backend/cuda/kernels.cuh"

namespace biossl::cuda {

template <class T>
void unit_range_of(const std::uint8_t* pixels, const std::int32_t* rows, T* dst, std::int64_t size,
                   std::int64_t count) {
  for_each(count, [=] __device__(std::int64_t i) {
    const std::uint8_t pixel = pixels[rows[i / size] * size + i % size];
    dst[i] = T(static_cast<float>(pixel) / 255.0F);
  });
}

void unit_range(const Tensor& pixels, const Tensor& rows, Tensor& dst) {
  with_float_type(dst, [&](auto zero) {
    unit_range_of(pixels.data<std::uint8_t>(), rows.data<std::int32_t>(), dst.data<decltype(zero)>(),
                  pixels.shape().row_size(), dst.size());
  });
}

}  // namespace biossl::cuda
