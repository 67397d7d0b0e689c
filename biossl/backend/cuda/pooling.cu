#include <algorithm>
#include <initializer_list>

#include "biossl/backend/backend.h"
#include "biossl/backend/cuda/kernels.cuh"
#include "biossl/backend/shared/activation.h"

namespace biossl::cuda {

/// A map and its pooled map, and the positions of window elements, or of packs of `width` neighbouring channels. 32-bit
/// within an image, because a GPU divides those fast.
struct Windows {
  std::int32_t height, width, pooled_height, pooled_width, channels, window;

  Windows(const Tensor& map, const Tensor& pooled, std::int64_t side, int pack)
      : height(static_cast<std::int32_t>(map.extent(1))),
        width(static_cast<std::int32_t>(map.extent(2))),
        pooled_height(static_cast<std::int32_t>(pooled.extent(1))),
        pooled_width(static_cast<std::int32_t>(pooled.extent(2))),
        channels(static_cast<std::int32_t>(map.extent(3)) / pack),
        window(static_cast<std::int32_t>(side)) {}

  __host__ __device__ std::int64_t image() const { return std::int64_t{height} * width * channels; }
  __host__ __device__ std::int64_t pooled_image() const {
    return std::int64_t{pooled_height} * pooled_width * channels;
  }
  /// Element `which` of the window of pooled element i.
  __device__ std::int64_t element(std::int64_t i, std::int32_t which) const {
    const auto within = static_cast<std::int32_t>(i % pooled_image());
    const std::int32_t channel = within % channels;
    const std::int32_t place = within / channels;
    const std::int32_t row = place / pooled_width * window + which / window;
    const std::int32_t column = place % pooled_width * window + which % window;
    return i / pooled_image() * image() + (std::int64_t{row} * width + column) * channels + channel;
  }
  /// The pooled element of the window that contains element i of the map, and the index of i in the window; -1 if there
  /// is none.
  __device__ std::int64_t pooled(std::int64_t i, std::int32_t& which) const {
    const auto within = static_cast<std::int32_t>(i % image());
    const std::int32_t channel = within % channels;
    const std::int32_t row = within / channels / width;
    const std::int32_t column = within / channels % width;
    which = row % window * window + column % window;
    if (row / window >= pooled_height || column / window >= pooled_width) return -1;
    return i / image() * pooled_image() + (std::int64_t{row / window} * pooled_width + column / window) * channels +
           channel;
  }
};

template <Activation activation, class T, int n>
void max_pool_forward_of(const Windows& windows, const Pack<T, n>* src, Pack<T, n>* dst, Pack<std::uint8_t, n>* argmax,
                         std::int64_t count) {
  for_each(count, [=] __device__(std::int64_t i) {
    Pack<T, n> most = src[windows.element(i, 0)];
    Pack<std::uint8_t, n> winner{};
    for (std::int32_t which = 1; which < windows.window * windows.window; ++which) {
      const Pack<T, n> value = src[windows.element(i, which)];
#pragma unroll
      for (int k = 0; k < n; ++k) {
        const bool more = static_cast<float>(value.of[k]) > static_cast<float>(most.of[k]);
        winner.of[k] = more ? static_cast<std::uint8_t>(which) : winner.of[k];
        most.of[k] = more ? value.of[k] : most.of[k];
      }
    }
#pragma unroll
    for (int k = 0; k < n; ++k) most.of[k] = T(shared::activate<activation>(static_cast<float>(most.of[k])));
    dst[i] = most;
    argmax[i] = winner;
  });
}

template <Activation activation, class T, int n>
void max_pool_backward_of(const Windows& windows, const Pack<T, n>* d_dst, const Pack<T, n>* dst,
                          const Pack<std::uint8_t, n>* argmax, Pack<T, n>* d_src, std::int64_t count) {
  for_each(count, [=] __device__(std::int64_t i) {
    std::int32_t which = 0;
    const std::int64_t from = windows.pooled(i, which);
    Pack<T, n> error{};
    if (from >= 0) {
      const Pack<T, n> of_winner = d_dst[from];
      const Pack<T, n> output = dst[from];
      const Pack<std::uint8_t, n> winner = argmax[from];
#pragma unroll
      for (int k = 0; k < n; ++k) {
        const float slope = shared::activation_slope<activation>(static_cast<float>(output.of[k]));
        error.of[k] = T(winner.of[k] == which ? static_cast<float>(of_winner.of[k]) * slope : 0.0F);
      }
    }
    d_src[i] = error;
  });
}

template <class T, int n>
void average_pool_forward_of(const Windows& windows, const Pack<T, n>* src, Pack<T, n>* dst, std::int64_t count) {
  for_each(count, [=] __device__(std::int64_t i) {
    const std::int32_t size = windows.window * windows.window;
    float sums[n] = {};
    for (std::int32_t which = 0; which < size; ++which) {
      const Pack<T, n> value = src[windows.element(i, which)];
#pragma unroll
      for (int k = 0; k < n; ++k) sums[k] += static_cast<float>(value.of[k]);
    }
    Pack<T, n> mean;
#pragma unroll
    for (int k = 0; k < n; ++k) mean.of[k] = T(sums[k] / static_cast<float>(size));
    dst[i] = mean;
  });
}

template <class T, int n>
void average_pool_backward_of(const Windows& windows, const Pack<T, n>* d_dst, Pack<T, n>* d_src, std::int64_t count) {
  for_each(count, [=] __device__(std::int64_t i) {
    std::int32_t which = 0;
    const std::int64_t from = windows.pooled(i, which);
    const auto size = static_cast<float>(windows.window * windows.window);
    Pack<T, n> error{};
    if (from >= 0) {
      const Pack<T, n> of_mean = d_dst[from];
#pragma unroll
      for (int k = 0; k < n; ++k) error.of[k] = T(static_cast<float>(of_mean.of[k]) / size);
    }
    d_src[i] = error;
  });
}

/// Calls body with an element of the map's type and the number of neighbouring channels per access: 16 bytes, or 1
/// channel if channels or memory of a map are not aligned.
template <class Body>
void with_packs(const Tensor& map, std::initializer_list<const Tensor*> maps, const Body& body) {
  with_float_type(map, [&](auto zero) {
    constexpr int width = elements_at_once<decltype(zero)>;
    const bool aligned = map.extent(3) % width == 0 &&
                         std::ranges::all_of(maps, [](const Tensor* each) { return are_aligned(each->raw()); });
    if (aligned) return body(zero, std::integral_constant<int, width>{});
    body(zero, std::integral_constant<int, 1>{});
  });
}

template <class T, int n>
Pack<T, n>* packs(const Tensor& map) {
  return reinterpret_cast<Pack<T, n>*>(map.raw());
}

void max_pool_forward(const Tensor& src, std::int64_t window, Activation activation, Tensor& dst, Tensor& argmax) {
  shared::with_activation(activation, [&](auto which) {
    with_packs(src, {&src, &dst, &argmax}, [&](auto zero, auto pack) {
      using T = decltype(zero);
      constexpr int n = pack();
      max_pool_forward_of<which(), T, n>(Windows(src, dst, window, n), packs<T, n>(src), packs<T, n>(dst),
                                         packs<std::uint8_t, n>(argmax), dst.size() / n);
    });
  });
}

void max_pool_backward(const Tensor& d_dst, const Tensor& dst, const Tensor& argmax, std::int64_t window,
                       Activation activation, Tensor& d_src) {
  shared::with_activation(activation, [&](auto which) {
    with_packs(d_src, {&d_dst, &dst, &argmax, &d_src}, [&](auto zero, auto pack) {
      using T = decltype(zero);
      constexpr int n = pack();
      max_pool_backward_of<which(), T, n>(Windows(d_src, dst, window, n), packs<T, n>(d_dst), packs<T, n>(dst),
                                          packs<std::uint8_t, n>(argmax), packs<T, n>(d_src), d_src.size() / n);
    });
  });
}

void average_pool_forward(const Tensor& src, std::int64_t window, Tensor& dst) {
  with_packs(src, {&src, &dst}, [&](auto zero, auto pack) {
    using T = decltype(zero);
    constexpr int n = pack();
    average_pool_forward_of<T, n>(Windows(src, dst, window, n), packs<T, n>(src), packs<T, n>(dst), dst.size() / n);
  });
}

void average_pool_backward(const Tensor& d_dst, std::int64_t window, Tensor& d_src) {
  with_packs(d_src, {&d_dst, &d_src}, [&](auto zero, auto pack) {
    using T = decltype(zero);
    constexpr int n = pack();
    average_pool_backward_of<T, n>(Windows(d_src, d_dst, window, n), packs<T, n>(d_dst), packs<T, n>(d_src),
                                   d_src.size() / n);
  });
}

}  // namespace biossl::cuda
