#include <cuda_runtime.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <mma.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <vector>

// Tests of kernels are worth what the simulation of a GPU is worth (tests/simulated_cuda): it computes what a GPU
// would, and does not let pass what a GPU would not. Only built with it.
namespace biossl {
namespace {

/// Floats in simulated device memory.
class DeviceFloats {
 public:
  explicit DeviceFloats(std::size_t count) {
    void* memory = nullptr;
    EXPECT_EQ(cudaMalloc(&memory, count * sizeof(float)), cudaSuccess);
    values_.reset(static_cast<float*>(memory));
  }
  float* data() const { return values_.get(); }
  std::vector<float> read(std::size_t count) const {
    std::vector<float> values(count);
    cudaMemcpyAsync(values.data(), data(), count * sizeof(float), cudaMemcpyDefault, nullptr);
    return values;
  }

 private:
  struct Free {
    void operator()(float* memory) const { cudaFree(memory); }
  };
  std::unique_ptr<float, Free> values_;
};

template <class... Parameters>
cudaError_t launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, Parameters... arguments) {
  cudaLaunchConfig_t config{};
  config.gridDim = grid;
  config.blockDim = block;
  return cudaLaunchKernelEx(&config, kernel, arguments...);
}

__global__ void write_at(float* values, int offset) { values[offset + static_cast<int>(threadIdx.x)] = 1.0F; }

/// Thread i gets the number of thread 63 - i, which hands it over in shared memory.
__global__ void reverse(float* values) {
  __shared__ float handed[64];
  const auto thread = static_cast<int>(threadIdx.x);
  handed[63 - thread] = static_cast<float>(thread);
  __syncthreads();
  values[blockIdx.x * 64 + threadIdx.x] = handed[thread];
}

#if defined(__SANITIZE_THREAD__)
/// The same, but that threads may read before others have written, or write before others have read.
__global__ void reverse_twice(float* values, bool wait_to_read, bool wait_to_write) {
  __shared__ float handed[64];
  const auto thread = static_cast<int>(threadIdx.x);
  for (int turn = 0; turn < 2; ++turn) {
    handed[63 - thread] = static_cast<float>(thread + turn);
    if (wait_to_read) __syncthreads();
    values[thread] = handed[thread];
    if (wait_to_write) __syncthreads();
  }
}
#endif

__global__ void exchange_in_warps(float* values) {
  const auto thread = static_cast<int>(threadIdx.x);
  const int across = __shfl_xor_sync(0xffffffffU, thread, 1);
  const int of_third = __shfl_sync(0xffffffffU, thread, 3);
  const int below = __shfl_down_sync(0xffffffffU, thread, 4);
  const unsigned votes = __ballot_sync(0xffffffffU, thread % 2);
  values[thread] = static_cast<float>(across + 100 * of_third + 10000 * below) + (votes == 0xaaaaaaaaU ? 0.5F : 0.0F);
}

__global__ void wait_in_different_places(int /*unused*/) {
  if (threadIdx.x < 32) {
    __syncthreads();
  } else {
    __syncwarp();
    if (threadIdx.x == 40) __syncthreads();
    __shfl_sync(0xffffffffU, 1, 0);
  }
}

TEST(SimulatedCuda, MemoryBeginsAsNotANumber) {
  const DeviceFloats memory(5);
  EXPECT_THAT(memory.read(5), ::testing::Each(::testing::IsNan()));
}

TEST(SimulatedCuda, ThreadsOfABlockWaitForEachOther) {
  const DeviceFloats memory(128);
  ASSERT_EQ(launch(reverse, dim3(2), dim3(64), memory.data()), cudaSuccess);
  const std::vector<float> values = memory.read(128);
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ(values[i], static_cast<float>(63 - i % 64));
}

TEST(SimulatedCuda, LanesExchangeValues) {
  const DeviceFloats memory(64);
  ASSERT_EQ(launch(exchange_in_warps, dim3(1), dim3(64), memory.data()), cudaSuccess);
  const std::vector<float> values = memory.read(64);
  for (int i = 0; i < 64; ++i) {
    const int below = i % 32 + 4 < 32 ? i + 4 : i;
    const auto expected = static_cast<float>((i ^ 1) + 100 * (i / 32 * 32 + 3) + 10000 * below) + 0.5F;
    EXPECT_EQ(values[static_cast<std::size_t>(i)], expected) << i;
  }
}

TEST(SimulatedCuda, WaitingInDifferentPlacesIsAnError) {
  EXPECT_THROW(launch(wait_in_different_places, dim3(1), dim3(64), 0), std::logic_error);
}

TEST(SimulatedCuda, RefusesGridsThatAGpuRefuses) {
  const DeviceFloats memory(1);
  EXPECT_NE(launch(write_at, dim3(1), dim3(1025), memory.data(), 0), cudaSuccess);
  EXPECT_NE(launch(write_at, dim3(1, 65536), dim3(1), memory.data(), 0), cudaSuccess);
  EXPECT_NE(launch(write_at, dim3(0), dim3(1), memory.data(), 0), cudaSuccess);
}

TEST(SimulatedCuda, RunsOutOfMemory) {
  void* memory = nullptr;
  EXPECT_EQ(cudaMalloc(&memory, std::size_t{1} << 40), cudaErrorMemoryAllocation);
}

using SimulatedCudaDeathTest = ::testing::Test;

TEST(SimulatedCudaDeathTest, HostCodeCannotReachDeviceMemory) {
  const DeviceFloats memory(1);
  EXPECT_DEATH(std::printf("%f", static_cast<double>(*memory.data())), "");
}

TEST(SimulatedCudaDeathTest, KernelsCannotWriteBehindABlockOfMemory) {
  const DeviceFloats memory(64);  // 256 bytes, what memory is made in
  EXPECT_DEATH(launch(write_at, dim3(1), dim3(64), memory.data(), 1), "");
}

namespace wmma = nvcuda::wmma;

using FragmentA = wmma::fragment<wmma::matrix_a, 16, 16, 16, __nv_bfloat16, wmma::row_major>;
using FragmentB = wmma::fragment<wmma::matrix_b, 16, 16, 16, __nv_bfloat16, wmma::col_major>;
using FragmentC = wmma::fragment<wmma::accumulator, 16, 16, 16, float>;

/// c = a b^T + 1, where a and b are 16 rows of 16 numbers r + 2 c and r - c; `shift` numbers off a's beginning.
__global__ void multiply(float* c, int shift) {
  alignas(32) __shared__ std::array<__nv_bfloat16, 272> a;
  alignas(32) __shared__ std::array<__nv_bfloat16, 256> b;
  for (int i = static_cast<int>(threadIdx.x); i < 256; i += 32) {
    a[static_cast<std::size_t>(i + shift)] = __nv_bfloat16(static_cast<float>(i / 16 + 2 * (i % 16)));
    b[static_cast<std::size_t>(i)] = __nv_bfloat16(static_cast<float>(i / 16 - i % 16));
  }
  __syncthreads();
  FragmentA left;
  FragmentB right;
  FragmentC sums;
  wmma::fill_fragment(sums, 1.0F);
  wmma::load_matrix_sync(left, a.data() + shift, 16);
  wmma::load_matrix_sync(right, b.data(), 16);
  wmma::mma_sync(sums, left, right, sums);
  wmma::store_matrix_sync(c, sums, 16, wmma::mem_row_major);
}

TEST(SimulatedCuda, TensorCoresMultiply) {
  const DeviceFloats memory(256);
  ASSERT_EQ(launch(multiply, dim3(1), dim3(32), memory.data(), 0), cudaSuccess);
  const std::vector<float> values = memory.read(256);
  for (int row = 0; row < 16; ++row) {
    for (int column = 0; column < 16; ++column) {
      float expected = 1.0F;
      for (int k = 0; k < 16; ++k) expected += static_cast<float>((row + 2 * k) * (column - k));
      EXPECT_EQ(values[static_cast<std::size_t>(row * 16 + column)], expected) << row << ", " << column;
    }
  }
}

TEST(SimulatedCuda, TensorCoresRefuseWhatIsNotAligned) {
  const DeviceFloats memory(256);
  EXPECT_THROW(launch(multiply, dim3(1), dim3(32), memory.data(), 8), std::logic_error);
}

#if defined(__SANITIZE_THREAD__)
void reverse_twice_and_exit(bool wait_to_read, bool wait_to_write) {
  const DeviceFloats memory(64);
  launch(reverse_twice, dim3(1), dim3(64), memory.data(), wait_to_read, wait_to_write);
  std::exit(0);
}

TEST(SimulatedCuda, RacesAreFound) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // the sanitizer goes blind in a fork of a process with threads
  EXPECT_EXIT(reverse_twice_and_exit(true, true), ::testing::ExitedWithCode(0), "");
  constexpr int found = 66;  // ThreadSanitizer's
  EXPECT_EXIT(reverse_twice_and_exit(false, true), ::testing::ExitedWithCode(found), "data race");
  EXPECT_EXIT(reverse_twice_and_exit(true, false), ::testing::ExitedWithCode(found), "data race");
}
#endif

}  // namespace
}  // namespace biossl
