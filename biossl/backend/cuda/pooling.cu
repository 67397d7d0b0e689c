#include "biossl/backend/backend.h"
#include "biossl/backend/cuda/kernels.cuh"
#include "biossl/backend/shared/activation.h"

namespace biossl::cuda {

/// A map and its pooled map, and where elements of windows lie. 32-bit within an image: a GPU divides those quickly.
struct Windows {
  std::int32_t height, width, pooled_height, pooled_width, channels, window;

  Windows(const Tensor& map, const Tensor& pooled, std::int64_t side)
      : height(static_cast<std::int32_t>(map.extent(1))),
        width(static_cast<std::int32_t>(map.extent(2))),
        pooled_height(static_cast<std::int32_t>(pooled.extent(1))),
        pooled_width(static_cast<std::int32_t>(pooled.extent(2))),
        channels(static_cast<std::int32_t>(map.extent(3))),
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
  /// The pooled element of the window that element i of the map lies in and which of the window's it is; -1 where it
  /// lies in none.
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

template <Activation activation, class T>
void max_pool_forward_of(const Windows& windows, const T* src, T* dst, std::uint8_t* argmax, std::int64_t count) {
  for_each(count, [=] __device__(std::int64_t i) {
    auto most = static_cast<float>(src[windows.element(i, 0)]);
    std::int32_t winner = 0;
    for (std::int32_t which = 1; which < windows.window * windows.window; ++which) {
      const auto value = static_cast<float>(src[windows.element(i, which)]);
      winner = value > most ? which : winner;
      most = value > most ? value : most;
    }
    dst[i] = T(shared::activate<activation>(most));
    argmax[i] = static_cast<std::uint8_t>(winner);
  });
}

template <Activation activation, class T>
void max_pool_backward_of(const Windows& windows, const T* d_dst, const T* dst, const std::uint8_t* argmax, T* d_src,
                          std::int64_t count) {
  for_each(count, [=] __device__(std::int64_t i) {
    std::int32_t which = 0;
    const std::int64_t from = windows.pooled(i, which);
    const bool won = from >= 0 && argmax[from] == which;
    d_src[i] =
        T(won ? static_cast<float>(d_dst[from]) * shared::activation_slope<activation>(static_cast<float>(dst[from]))
              : 0.0F);
  });
}

template <class T>
void average_pool_forward_of(const Windows& windows, const T* src, T* dst, std::int64_t count) {
  for_each(count, [=] __device__(std::int64_t i) {
    const std::int32_t size = windows.window * windows.window;
    float sum = 0.0F;
    for (std::int32_t which = 0; which < size; ++which) sum += static_cast<float>(src[windows.element(i, which)]);
    dst[i] = T(sum / static_cast<float>(size));
  });
}

template <class T>
void average_pool_backward_of(const Windows& windows, const T* d_dst, T* d_src, std::int64_t count) {
  for_each(count, [=] __device__(std::int64_t i) {
    std::int32_t which = 0;
    const std::int64_t from = windows.pooled(i, which);
    const auto size = static_cast<float>(windows.window * windows.window);
    d_src[i] = T(from >= 0 ? static_cast<float>(d_dst[from]) / size : 0.0F);
  });
}

void max_pool_forward(const Tensor& src, std::int64_t window, Activation activation, Tensor& dst, Tensor& argmax) {
  shared::with_activation(activation, [&](auto which) {
    with_float_type(src, [&](auto zero) {
      using T = decltype(zero);
      max_pool_forward_of<which()>(Windows(src, dst, window), src.data<T>(), dst.data<T>(), argmax.data<std::uint8_t>(),
                                   dst.size());
    });
  });
}

void max_pool_backward(const Tensor& d_dst, const Tensor& dst, const Tensor& argmax, std::int64_t window,
                       Activation activation, Tensor& d_src) {
  shared::with_activation(activation, [&](auto which) {
    with_float_type(dst, [&](auto zero) {
      using T = decltype(zero);
      max_pool_backward_of<which()>(Windows(d_src, dst, window), d_dst.data<T>(), dst.data<T>(),
                                    argmax.data<std::uint8_t>(), d_src.data<T>(), d_src.size());
    });
  });
}

void average_pool_forward(const Tensor& src, std::int64_t window, Tensor& dst) {
  with_float_type(src, [&](auto zero) {
    using T = decltype(zero);
    average_pool_forward_of(Windows(src, dst, window), src.data<T>(), dst.data<T>(), dst.size());
  });
}

void average_pool_backward(const Tensor& d_dst, std::int64_t window, Tensor& d_src) {
  with_float_type(d_src, [&](auto zero) {
    using T = decltype(zero);
    average_pool_backward_of(Windows(d_src, d_dst, window), d_dst.data<T>(), d_src.data<T>(), d_src.size());
  });
}

}  // namespace biossl::cuda
