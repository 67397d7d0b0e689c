#pragma once

#include <cuda_runtime.h>

#include <array>
#include <cstdint>

#include "biossl/core/dtype.h"

// Tensor cores: the first lane of a warp has the whole of each matrix and does the work of all, who wait for each other
// where a GPU's lanes do. Pointers and strides must be aligned as CUDA asks.
using __nv_bfloat16 = biossl::bfloat16;

namespace nvcuda::wmma {

struct matrix_a;
struct matrix_b;
struct accumulator;
struct row_major {};
struct col_major {};
enum layout_t { mem_row_major, mem_col_major };

template <class Use, int m, int n, int k, class T, class Layout = void>
struct fragment {
  static_assert(m == 16 && n == 16 && k == 16, "the shapes that are simulated");
  std::array<float, 256> values;  // 16 rows of 16; of the first lane only
};

}  // namespace nvcuda::wmma

namespace simulated_cuda {

/// Waits for the warp; whether this lane does its work. Throws std::logic_error where memory or stride is not aligned.
bool leads_warp(const void* memory, std::size_t stride_bytes);

}  // namespace simulated_cuda

namespace nvcuda::wmma {

template <class Use, int m, int n, int k, class T, class Layout>
void fill_fragment(fragment<Use, m, n, k, T, Layout>& to, T value) {
  to.values.fill(static_cast<float>(value));
}

template <class Use, int m, int n, int k, class T, class Layout>
void load_matrix_sync(fragment<Use, m, n, k, T, Layout>& to, const T* from, unsigned stride) {
  if (!simulated_cuda::leads_warp(from, stride * sizeof(T))) return;
  for (unsigned row = 0; row < 16; ++row) {
    for (unsigned column = 0; column < 16; ++column) {
      const unsigned at = std::is_same_v<Layout, row_major> ? row * stride + column : column * stride + row;
      to.values[row * 16 + column] = static_cast<float>(from[at]);
    }
  }
}

/// d = a b + c
template <class LayoutA, class LayoutB, class T>
void mma_sync(fragment<accumulator, 16, 16, 16, float>& d, const fragment<matrix_a, 16, 16, 16, T, LayoutA>& a,
              const fragment<matrix_b, 16, 16, 16, T, LayoutB>& b, const fragment<accumulator, 16, 16, 16, float>& c) {
  if (simulated_cuda::lane() != 0) return;
  d.values = c.values;
  for (std::size_t row = 0; row < 16; ++row) {
    for (std::size_t term = 0; term < 16; ++term) {
      for (std::size_t column = 0; column < 16; ++column) {
        d.values[row * 16 + column] += a.values[row * 16 + term] * b.values[term * 16 + column];
      }
    }
  }
}

inline void store_matrix_sync(float* to, const fragment<accumulator, 16, 16, 16, float>& from, unsigned stride,
                              layout_t layout) {
  if (!simulated_cuda::leads_warp(to, stride * sizeof(float))) return;
  for (unsigned row = 0; row < 16; ++row) {
    for (unsigned column = 0; column < 16; ++column) {
      to[layout == mem_row_major ? row * stride + column : column * stride + row] = from.values[row * 16 + column];
    }
  }
}

}  // namespace nvcuda::wmma
