#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

// As much of CUDA as biossl/backend/cuda uses, on the host: kernels run there, one block after another and the threads
// of a block in turn, so that their results can be tested, with sanitizers too, where there is no GPU. What it cannot
// show: how fast they are, races between blocks, and what the libraries of CUDA do.
//
// It is stricter than a GPU. Device memory is out of reach but while kernels run or memory is copied, so host code that
// looks into it stops at once; an access beyond the end of a block of device memory hits a page that is not there;
// memory starts as NaN; and threads that wait for each other in different places are an error.

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __shared__ static

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x_extent = 1, unsigned y_extent = 1, unsigned z_extent = 1)  // NOLINT: as CUDA's own
      : x(x_extent), y(y_extent), z(z_extent) {}
};
struct uint3 {
  unsigned x = 0, y = 0, z = 0;
};
inline uint3 threadIdx, blockIdx;  // NOLINT(*-avoid-non-const-global-variables): CUDA's own names
inline dim3 blockDim, gridDim;     // NOLINT(*-avoid-non-const-global-variables)

enum cudaError_t {
  cudaSuccess = 0,
  cudaErrorMemoryAllocation = 2,
  cudaErrorInvalidConfiguration = 9,
  cudaErrorStreamCaptureUnsupported = 900
};
enum cudaDeviceAttr { cudaDevAttrComputeCapabilityMajor = 75 };
enum cudaMemcpyKind {
  cudaMemcpyHostToHost,
  cudaMemcpyHostToDevice,
  cudaMemcpyDeviceToHost,
  cudaMemcpyDeviceToDevice,
  cudaMemcpyDefault
};
enum cudaMemoryType { cudaMemoryTypeUnregistered = 0, cudaMemoryTypeHost = 1, cudaMemoryTypeDevice = 2 };
using cudaStream_t = struct SimulatedStream*;
inline constexpr unsigned cudaStreamNonBlocking = 1;

struct cudaDeviceProp {
  char name[256];
  int major, minor, multiProcessorCount;
  std::size_t totalGlobalMem;
};
struct cudaPointerAttributes {
  cudaMemoryType type;
};
using cudaGraph_t = struct SimulatedGraph*;
using cudaGraphExec_t = struct SimulatedGraphExec*;
using cudaGraphNode_t = std::size_t*;
struct cudaKernelNodeParams {
  void* func;
  dim3 gridDim, blockDim;
  unsigned sharedMemBytes;
  void** kernelParams;
  void** extra;
};
enum cudaStreamCaptureMode { cudaStreamCaptureModeRelaxed = 2 };
enum cudaStreamCaptureStatus { cudaStreamCaptureStatusNone, cudaStreamCaptureStatusActive };
struct cudaLaunchConfig_t {
  dim3 gridDim, blockDim;
  std::size_t dynamicSmemBytes;
  cudaStream_t stream;
};

const char* cudaGetErrorString(cudaError_t status);
const char* cudaGetErrorName(cudaError_t status);
cudaError_t cudaGetLastError();
cudaError_t cudaGetDeviceCount(int* count);
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device);
cudaError_t cudaDriverGetVersion(int* version);
cudaError_t cudaRuntimeGetVersion(int* version);
cudaError_t cudaMalloc(void** memory, std::size_t bytes);
cudaError_t cudaFree(void* memory);
cudaError_t cudaMemGetInfo(std::size_t* available, std::size_t* total);
cudaError_t cudaMemsetAsync(void* memory, int value, std::size_t bytes, cudaStream_t stream);
cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream);
cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* pointer);
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags);
cudaError_t cudaStreamSynchronize(cudaStream_t stream);
cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t* config, const void* kernel, void** arguments);
cudaError_t cudaGraphCreate(cudaGraph_t* graph, unsigned flags);
cudaError_t cudaGraphDestroy(cudaGraph_t graph);
cudaError_t cudaGraphAddKernelNode(cudaGraphNode_t* node, cudaGraph_t graph, const cudaGraphNode_t* after,
                                   std::size_t count, const cudaKernelNodeParams* parameters);
cudaError_t cudaGraphAddChildGraphNode(cudaGraphNode_t* node, cudaGraph_t graph, const cudaGraphNode_t* after,
                                       std::size_t count, cudaGraph_t child);
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long flags);
cudaError_t cudaGraphExecKernelNodeSetParams(cudaGraphExec_t executable, cudaGraphNode_t node,
                                             const cudaKernelNodeParams* parameters);
cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream);
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable);
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device);
cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status);
cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode);
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph);

namespace simulated_cuda {

/// Runs body once for every thread of the grid.
cudaError_t run(const cudaLaunchConfig_t& config, const std::function<void()>& body);
/// Gives work to the stream: does it, or keeps it where the stream is captured.
cudaError_t give(std::function<cudaError_t()> work);
/// From the addresses of a kernel's arguments, one thread's call of it with copies of them.
using Binder = std::function<std::function<void()>(void**)>;
/// Remembers a kernel's binder, for when it is launched without its type.
void remember(const void* kernel, Binder binder);
/// Opens device memory to the host while it lives; for what stands in for a library.
class Access {
 public:
  Access();
  ~Access();
  Access(const Access&) = delete;
  Access& operator=(const Access&) = delete;
};
/// Waits for the other threads of the block, or of the warp, and sees what they did before.
void wait_for_block();
void wait_for_warp();
/// Hands 8 bytes to the warp and returns those that lane `from` hands it in the same exchange.
std::uint64_t exchange(std::uint64_t bits, int from);
int lane();

template <class T>
T exchange_value(T value, int from) {
  static_assert(sizeof(T) <= sizeof(std::uint64_t) && std::is_trivially_copyable_v<T>);
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  bits = exchange(bits, from);
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}

}  // namespace simulated_cuda

template <class... Parameters, class... Arguments>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Parameters...),
                               Arguments&&... arguments) {
  const auto* address = reinterpret_cast<const void*>(kernel);
  using Values = std::tuple<std::remove_cv_t<Parameters>...>;
  simulated_cuda::remember(address, [kernel](void** at) -> std::function<void()> {
    return [&]<std::size_t... i>(std::index_sequence<i...>) {
      return [kernel, values = Values(*static_cast<std::remove_cv_t<Parameters>*>(at[i])...)] {
        std::apply(kernel, values);
      };
    }
    (std::index_sequence_for<Parameters...>{});
  });
  return simulated_cuda::give([config = *config, kernel, values = Values(arguments...)] {
    return simulated_cuda::run(config, [&] { std::apply(kernel, values); });
  });
}

inline void __syncthreads() { simulated_cuda::wait_for_block(); }
/// Whether the predicate of any thread of the block is true.
inline int __syncthreads_or(int predicate) {
  static int any = 0;
  simulated_cuda::wait_for_block();  // all have read what an earlier call found
  __atomic_store_n(&any, 0, __ATOMIC_RELAXED);
  simulated_cuda::wait_for_block();
  __atomic_fetch_or(&any, predicate != 0 ? 1 : 0, __ATOMIC_RELAXED);
  simulated_cuda::wait_for_block();
  return any;
}
inline void __syncwarp(unsigned /*mask*/ = 0xffffffffU) { simulated_cuda::wait_for_warp(); }
template <class T>
T __shfl_sync(unsigned /*mask*/, T value, int from) {
  return simulated_cuda::exchange_value(value, from);
}
template <class T>
T __shfl_xor_sync(unsigned /*mask*/, T value, int away) {
  return simulated_cuda::exchange_value(value, simulated_cuda::lane() ^ away);
}
template <class T>
T __shfl_down_sync(unsigned /*mask*/, T value, int away) {
  const int from = simulated_cuda::lane() + away;
  return simulated_cuda::exchange_value(value, from < 32 ? from : simulated_cuda::lane());
}
inline unsigned __ballot_sync(unsigned /*mask*/, int predicate) {
  unsigned votes = 0;
  for (int from = 0; from < 32; ++from) votes |= simulated_cuda::exchange_value(predicate != 0 ? 1U : 0U, from) << from;
  return votes;
}
inline unsigned atomicMax(unsigned* at, unsigned value) {
  unsigned before = __atomic_load_n(at, __ATOMIC_RELAXED);
  while (value > before && !__atomic_compare_exchange_n(at, &before, value, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
  }
  return before;
}
