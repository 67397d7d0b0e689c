#include "biossl/backend/backend.h"
#include "biossl/backend/cuda/kernels.cuh"
#include "biossl/backend/shared/normal.h"

namespace biossl::cuda {

/// One thread per counter: four numbers.
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

void add_noise(const Random& stream, double spread, const Tensor& src, Tensor& dst) {
  with_float_type(src, [&](auto zero) {
    using T = decltype(zero);
    add_noise_of(stream, static_cast<float>(spread), src.data<T>(), dst.data<T>(), src.size());
  });
}

}  // namespace biossl::cuda
