#include "biossl/backend/backend.h"
#include "biossl/backend/cpu/activation.h"
#include "biossl/backend/cpu/elements.h"
#include "biossl/core/parallel.h"

// The inner loops run over channels, which are contiguous, so they vectorise for every window. Window 2, the usual one,
// is a compile-time constant; 0 stands for any other, which is read from an argument.
namespace biossl::cpu::BIOSSL_LEVEL {
namespace {

/// Extents of a pooling: unpooled maps are height x width, pooled ones rows x columns.
struct Extents {
  std::int64_t window, height, width, rows, columns, channels;

  Extents(const Shape& unpooled, const Shape& pooled, std::int64_t side)
      : window(side),
        height(unpooled[1]),
        width(unpooled[2]),
        rows(pooled[1]),
        columns(pooled[2]),
        channels(pooled[3]) {}
};

/// Calls body with the window as a compile-time constant, 0 for any but 2.
template <class Body>
void with_window(std::int64_t window, const Body& body) {
  if (window == 2) return body(std::integral_constant<std::int64_t, 2>{});
  return body(std::integral_constant<std::int64_t, 0>{});
}

/// Calls body(first unpooled element of the window, first pooled element) for every pooled position of every image, in
/// parallel over rows.
template <class Body>
void for_each_window(std::int64_t images, const Extents& e, const Body& body) {
  parallel_for(images * e.rows, 4, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const std::int64_t image = row / e.rows;
      const std::int64_t top = (image * e.height + row % e.rows * e.window) * e.width;
      for (std::int64_t column = 0; column < e.columns; ++column) {
        body((top + column * e.window) * e.channels, (row * e.columns + column) * e.channels);
      }
    }
  });
}

/// Offset of element k of a window from its first.
std::int64_t offset_of(std::int64_t k, std::int64_t window, const Extents& e) {
  return (k / window * e.width + k % window) * e.channels;
}

template <std::int64_t fixed, Activation activation, class T>
void max_of_window(const T* __restrict src, const Extents& e, T* __restrict dst, std::uint8_t* __restrict argmax) {
  const std::int64_t window = fixed > 0 ? fixed : e.window;
#pragma omp simd
  for (std::int64_t c = 0; c < e.channels; ++c) {
    float best = static_cast<float>(src[c]);
    std::int32_t which = 0;
    for (std::int64_t k = 1; k < window * window; ++k) {
      const float value = static_cast<float>(src[offset_of(k, window, e) + c]);
      which = value > best ? static_cast<std::int32_t>(k) : which;
      best = value > best ? value : best;
    }
    store(activate<activation>(best), dst[c]);
    argmax[c] = static_cast<std::uint8_t>(which);
  }
}

template <std::int64_t fixed, Activation activation, class T>
void spread_to_window(const T* __restrict d_dst, const T* __restrict dst, const std::uint8_t* __restrict argmax,
                      const Extents& e, T* __restrict d_src) {
  const std::int64_t window = fixed > 0 ? fixed : e.window;
#pragma omp simd
  for (std::int64_t c = 0; c < e.channels; ++c) {
    const float slope = shared::activation_slope<activation>(static_cast<float>(dst[c]));
    const float error = static_cast<float>(d_dst[c]) * slope;
    const std::int32_t which = argmax[c];
    for (std::int64_t k = 0; k < window * window; ++k) {
      store(which == k ? error : 0.0F, d_src[offset_of(k, window, e) + c]);
    }
  }
}

/// Whether rows or columns at the edge belong to no window, so that nothing is written to them.
bool has_rest(const Extents& e) { return e.rows * e.window != e.height || e.columns * e.window != e.width; }

}  // namespace

void max_pool_forward(const Tensor& src, std::int64_t window, Activation activation, Tensor& dst, Tensor& argmax) {
  const Extents extents(src.shape(), dst.shape(), window);
  shared::with_activation(activation, [&](auto which) {
    with_window(window, [&](auto fixed) {
      with_type(src, [&](auto zero) {
        using T = decltype(zero);
        for_each_window(src.extent(0), extents, [&](std::int64_t from, std::int64_t to) {
          max_of_window<fixed(), which(), T>(src.data<T>() + from, extents, dst.data<T>() + to,
                                             argmax.data<std::uint8_t>() + to);
        });
      });
    });
  });
}

void max_pool_backward(const Tensor& d_dst, const Tensor& dst, const Tensor& argmax, std::int64_t window,
                       Activation activation, Tensor& d_src) {
  const Extents extents(d_src.shape(), dst.shape(), window);
  if (has_rest(extents)) d_src.fill_zero();
  shared::with_activation(activation, [&](auto which) {
    with_window(window, [&](auto fixed) {
      with_type(dst, [&](auto zero) {
        using T = decltype(zero);
        for_each_window(dst.extent(0), extents, [&](std::int64_t to, std::int64_t from) {
          spread_to_window<fixed(), which(), T>(d_dst.data<T>() + from, dst.data<T>() + from,
                                                argmax.data<std::uint8_t>() + from, extents, d_src.data<T>() + to);
        });
      });
    });
  });
}

void average_pool_forward(const Tensor& src, std::int64_t window, Tensor& dst) {
  const Extents extents(src.shape(), dst.shape(), window);
  const float share = 1.0F / static_cast<float>(window * window);
  with_type(src, [&](auto zero) {
    using T = decltype(zero);
    for_each_window(src.extent(0), extents, [&](std::int64_t from, std::int64_t to) {
      const T* input = src.data<T>() + from;
      T* output = dst.data<T>() + to;
#pragma omp simd
      for (std::int64_t c = 0; c < extents.channels; ++c) {
        float sum = 0.0F;
        for (std::int64_t k = 0; k < window * window; ++k) {
          sum += static_cast<float>(input[offset_of(k, window, extents) + c]);
        }
        store(sum * share, output[c]);
      }
    });
  });
}

void average_pool_backward(const Tensor& d_dst, std::int64_t window, Tensor& d_src) {
  const Extents extents(d_src.shape(), d_dst.shape(), window);
  const float share = 1.0F / static_cast<float>(window * window);
  if (has_rest(extents)) d_src.fill_zero();
  with_type(d_dst, [&](auto zero) {
    using T = decltype(zero);
    for_each_window(d_dst.extent(0), extents, [&](std::int64_t to, std::int64_t from) {
      const T* error = d_dst.data<T>() + from;
      T* result = d_src.data<T>() + to;
#pragma omp simd
      for (std::int64_t c = 0; c < extents.channels; ++c) {
        for (std::int64_t k = 0; k < window * window; ++k) {
          store(static_cast<float>(error[c]) * share, result[offset_of(k, window, extents) + c]);
        }
      }
    });
  });
}

}  // namespace biossl::cpu::BIOSSL_LEVEL
