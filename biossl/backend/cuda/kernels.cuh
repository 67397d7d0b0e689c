#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>

#include "biossl/backend/cuda/recorder.h"
#include "biossl/backend/cuda/runtime.h"
#include "biossl/core/dtype.h"
#include "biossl/core/error.h"
#include "biossl/core/tensor.h"

// Tools for kernels and their launches. Kernels use static shared memory only and no atomics on floating-point numbers,
// so that every run gives the same bits.
namespace biossl::cuda {

inline constexpr int warp_size = 32;
/// Default number of threads per block.
inline constexpr int block_threads = 256;

/// Launches a kernel, or adds it to the step that is being recorded; waits for nothing. An empty grid (an empty batch)
/// launches nothing.
template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, const Arguments&... arguments) {
  if (grid.x == 0 || grid.y == 0 || grid.z == 0) return;
  std::tuple<std::remove_cv_t<Parameters>...> values(arguments...);
  std::apply(
      [&](auto&... value) {
        void* pointers[] = {&value...};
        constexpr std::size_t sizes[] = {sizeof(value)...};
        if (recorder().gather(
                {reinterpret_cast<const void*>(kernel), grid, block, pointers, sizes, sizeof...(value)})) {
          return;
        }
        cudaLaunchConfig_t config{};
        config.gridDim = grid;
        config.blockDim = block;
        config.stream = stream();
        check(cudaLaunchKernelEx(&config, kernel, value...), "cudaLaunchKernelEx");
      },
      values);
}

/// count / size, rounded up.
constexpr std::int64_t ceil_div(std::int64_t count, std::int64_t size) { return (count + size - 1) / size; }
/// The same as an extent of a grid.
inline unsigned blocks_for(std::int64_t count, std::int64_t size) {
  return static_cast<unsigned>(ceil_div(count, size));
}

/// Calls body(i) for this thread's part of 0 .. count-1.
template <class Body>
__global__ void __launch_bounds__(block_threads) for_each_kernel(std::int64_t count, Body body) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * block_threads;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * block_threads + threadIdx.x; i < count; i += step)
    body(i);
}

/// Calls body(i) for i = 0 .. count-1 on parallel threads; body is a lambda [=] __device__(std::int64_t i).
template <class Body>
void for_each(std::int64_t count, const Body& body) {
  if (count == 0) return;
  const std::int64_t most = static_cast<std::int64_t>(properties().multiProcessorCount) * 16;
  launch(for_each_kernel<Body>, dim3(static_cast<unsigned>(std::min(ceil_div(count, block_threads), most))),
         dim3(block_threads), count, body);
}

/// Calls body with a value of the tensor's element type, float or bfloat16:
///   with_float_type(t, [&](auto zero) { using T = decltype(zero); … })
template <class Body>
void with_float_type(const Tensor& tensor, const Body& body) {
  switch (tensor.dtype()) {
    case DType::float32:
      return body(float{});
    case DType::bfloat16:
      return body(bfloat16{});
    case DType::float64:
    case DType::uint8:
    case DType::int32:
      break;
  }
  fail("cuda", "elements are {}, not float32 or bfloat16", name_of(tensor.dtype()));
}

/// The tensor's elements; nullptr if it is empty.
template <class T>
T* data_or_null(const Tensor& tensor) {
  return tensor.empty() ? nullptr : tensor.data<T>();
}

/// Neighbouring elements, read and written in one access. Their memory must be aligned to their size.
template <class T, int n>
struct alignas(sizeof(T) * n) Pack {
  T of[n];
};

/// Elements that a thread reads in one access: 16 bytes.
template <class T>
inline constexpr int elements_at_once = 16 / sizeof(T);

/// Whether each of these can be read 16 bytes at a time.
template <class... Pointers>
bool are_aligned(const Pointers*... memory) {
  return ((reinterpret_cast<std::uintptr_t>(memory) % 16 == 0) && ...);
}

/// map_elements' kernel, for packs of `width` elements.
template <class Body, class T, int width, std::size_t n>
struct MappedPacks {
  using Elements = Pack<T, width>;
  Body body;
  std::array<const T*, n> srcs;
  T* dst;

  __device__ void operator()(std::int64_t i) const { map(i, std::make_index_sequence<n>{}); }

 private:
  template <std::size_t... src>
  __device__ void map(std::int64_t i, std::index_sequence<src...> /*srcs*/) const {
    const Elements read[] = {reinterpret_cast<const Elements*>(srcs[src])[i]...};
    Elements made;
#pragma unroll
    for (int k = 0; k < width; ++k) made.of[k] = T(body(static_cast<float>(read[src].of[k])...));
    reinterpret_cast<Elements*>(dst)[i] = made;
  }
};

/// dst[i] = body(srcs[i]...) for i = 0 .. count-1, in float for every T; dst may be one of the srcs. A thread writes 16
/// bytes of dst if memory is aligned.
template <class Body, class T, class... Sources>
void map_elements(std::int64_t count, const Body& body, T* dst, const Sources*... srcs) {
  constexpr int width = elements_at_once<T>;
  constexpr std::size_t n = sizeof...(srcs);
  const std::int64_t packs = are_aligned(dst, srcs...) ? count / width : 0;
  const std::int64_t done = packs * width;
  for_each(packs, MappedPacks<Body, T, width, n>{body, {srcs...}, dst});
  for_each(count - done, MappedPacks<Body, T, 1, n>{body, {(srcs + done)...}, dst + done});
}

/// The sum of all threads' values, in a fixed order; every thread gets it. All threads of the block take part;
/// `threads`, their number, is a multiple of 32.
template <int threads, class T>
__device__ T block_sum(T value) {
  __shared__ T of_warps[threads / warp_size];
  for (int away = warp_size / 2; away > 0; away /= 2) value += __shfl_xor_sync(0xffffffffU, value, away);
  __syncthreads();  // an earlier sum has been read
  if (threadIdx.x % warp_size == 0) of_warps[threadIdx.x / warp_size] = value;
  __syncthreads();
  T sum = of_warps[0];
  for (int warp = 1; warp < threads / warp_size; ++warp) sum += of_warps[warp];
  return sum;
}

}  // namespace biossl::cuda
