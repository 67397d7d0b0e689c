#include <cudnn.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <optional>
#include <stdexcept>
#include <vector>

#include "biossl/backend/cuda/cudnn_descriptors.h"
#include "biossl/backend/cuda/library_convolution.h"
#include "biossl/backend/cuda/recorder.h"
#include "biossl/backend/cuda/runtime.h"

namespace biossl::cuda {

void check(cudnnStatus_t status, std::string_view call) {
  if (status == CUDNN_STATUS_SUCCESS) return;
  std::array<char, 512> details{};
  cudnnGetLastErrorString(details.data(), details.size());
  const bool full = status == CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED;
  throw std::runtime_error(
      fmt::format("[{}] {} {}{}", call, cudnnGetErrorString(status), details.data(), full ? less_memory : ""));
}

ConvolutionDescriptors::ConvolutionDescriptors(const Shape& src_shape, const Shape& dst_shape, DType dtype,
                                               const Conv2d& conv, bool tf32) {
  const auto extent = [](std::int64_t value) { return static_cast<int>(value); };
  const cudnnDataType_t type = dtype == DType::bfloat16 ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT;
  const auto describe = [&](const TensorDescriptor& descriptor, const Shape& shape) {
    check(cudnnSetTensor4dDescriptor(descriptor.get(), CUDNN_TENSOR_NHWC, type, extent(shape[0]), extent(shape[3]),
                                     extent(shape[1]), extent(shape[2])),
          "cudnnSetTensor4dDescriptor");
  };
  describe(src, src_shape);
  describe(dst, dst_shape);
  check(cudnnSetFilter4dDescriptor(weights.get(), type, CUDNN_TENSOR_NHWC, extent(dst_shape[3]), extent(src_shape[3]),
                                   extent(conv.kernel), extent(conv.kernel)),
        "cudnnSetFilter4dDescriptor");
  check(cudnnSetConvolution2dDescriptor(convolution.get(), extent(conv.padding), extent(conv.padding),
                                        extent(conv.stride), extent(conv.stride), 1, 1, CUDNN_CROSS_CORRELATION,
                                        CUDNN_DATA_FLOAT),
        "cudnnSetConvolution2dDescriptor");
  // FMA prevents TF32, which cuDNN's default allows.
  const cudnnMathType_t float32_math = tf32 ? CUDNN_DEFAULT_MATH : CUDNN_FMA_MATH;
  check(cudnnSetConvolutionMathType(convolution.get(), dtype == DType::bfloat16 ? CUDNN_TENSOR_OP_MATH : float32_math),
        "cudnnSetConvolutionMathType");
}

namespace {

constexpr std::size_t most_workspace = std::size_t{1} << 30;
constexpr int most_candidates = 32;  // more than there are algorithms
constexpr float one = 1.0F, zero = 0.0F;

cudnnHandle_t make_library() {
  cudnnHandle_t handle = nullptr;
  check(cudnnCreate(&handle), "cudnnCreate");
  check(cudnnSetStream(handle, stream()), "cudnnSetStream");
  return handle;
}

/// Made on first use and never destroyed: at the end of the process the driver may be gone before static objects.
cudnnHandle_t library() {
  static const cudnnHandle_t handle = make_library();
  return handle;
}

// --- what cuDNN is asked, for each of the three convolutions

using Forward = cudnnConvolutionFwdAlgoPerf_t;
using BackwardData = cudnnConvolutionBwdDataAlgoPerf_t;
using BackwardWeights = cudnnConvolutionBwdFilterAlgoPerf_t;

cudnnStatus_t ask_candidates(const ConvolutionDescriptors& of, int* count, Forward* candidates) {
  return cudnnGetConvolutionForwardAlgorithm_v7(library(), of.src.get(), of.weights.get(), of.convolution.get(),
                                                of.dst.get(), most_candidates, count, candidates);
}
cudnnStatus_t ask_candidates(const ConvolutionDescriptors& of, int* count, BackwardData* candidates) {
  return cudnnGetConvolutionBackwardDataAlgorithm_v7(library(), of.weights.get(), of.dst.get(), of.convolution.get(),
                                                     of.src.get(), most_candidates, count, candidates);
}
cudnnStatus_t ask_candidates(const ConvolutionDescriptors& of, int* count, BackwardWeights* candidates) {
  return cudnnGetConvolutionBackwardFilterAlgorithm_v7(library(), of.src.get(), of.dst.get(), of.convolution.get(),
                                                       of.weights.get(), most_candidates, count, candidates);
}

cudnnStatus_t ask_workspace(const ConvolutionDescriptors& of, cudnnConvolutionFwdAlgo_t algorithm, std::size_t* bytes) {
  return cudnnGetConvolutionForwardWorkspaceSize(library(), of.src.get(), of.weights.get(), of.convolution.get(),
                                                 of.dst.get(), algorithm, bytes);
}
cudnnStatus_t ask_workspace(const ConvolutionDescriptors& of, cudnnConvolutionBwdDataAlgo_t algorithm,
                            std::size_t* bytes) {
  return cudnnGetConvolutionBackwardDataWorkspaceSize(library(), of.weights.get(), of.dst.get(), of.convolution.get(),
                                                      of.src.get(), algorithm, bytes);
}
cudnnStatus_t ask_workspace(const ConvolutionDescriptors& of, cudnnConvolutionBwdFilterAlgo_t algorithm,
                            std::size_t* bytes) {
  return cudnnGetConvolutionBackwardFilterWorkspaceSize(library(), of.src.get(), of.dst.get(), of.convolution.get(),
                                                        of.weights.get(), algorithm, bytes);
}

// --- plans

template <class Direction>
struct Candidate {
  decltype(Direction::algo) algorithm;
  std::size_t workspace;
};

/// A plan: the first candidate, once it has run. Without candidates cuDNN cannot do it.
template <class Direction>
struct Plan {
  ConvolutionDescriptors descriptors;
  std::vector<Candidate<Direction>> candidates;
  bool proven = false;
};

/// cuDNN's proposals, the one it expects to be fastest first.
template <class Direction>
std::vector<Direction> candidates_for(const ConvolutionDescriptors& descriptors) {
  std::vector<Direction> candidates(most_candidates);
  int count = 0;
  const cudnnStatus_t status = ask_candidates(descriptors, &count, candidates.data());
  candidates.resize(static_cast<std::size_t>(status == CUDNN_STATUS_SUCCESS ? count : 0));
  return candidates;
}

/// bfloat16 is worth it with tensor cores only; GPUs that have them use them by default. float32 on tensor cores is
/// TF32. Unless it is allowed, the descriptor's FMA excludes it, even if cuDNN reports the default math type for an
/// algorithm.
bool fits(cudnnMathType_t math, DType dtype, bool tf32) {
  if (dtype == DType::bfloat16) return math != CUDNN_FMA_MATH;
  return tf32 || math == CUDNN_FMA_MATH || math == CUDNN_DEFAULT_MATH;
}

/// Winograd's transforms lose precision by cancellation: one digit of float32, most digits of bfloat16.
bool is_winograd(cudnnConvolutionFwdAlgo_t algorithm) {
  return algorithm == CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD || algorithm == CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD_NONFUSED;
}
bool is_winograd(cudnnConvolutionBwdDataAlgo_t algorithm) {
  return algorithm == CUDNN_CONVOLUTION_BWD_DATA_ALGO_WINOGRAD ||
         algorithm == CUDNN_CONVOLUTION_BWD_DATA_ALGO_WINOGRAD_NONFUSED;
}
bool is_winograd(cudnnConvolutionBwdFilterAlgo_t algorithm) {
  return algorithm == CUDNN_CONVOLUTION_BWD_FILTER_ALGO_WINOGRAD ||
         algorithm == CUDNN_CONVOLUTION_BWD_FILTER_ALGO_WINOGRAD_NONFUSED;
}

template <class Direction>
Plan<Direction> make_plan(const Shape& src, const Shape& dst, DType dtype, const Conv2d& conv, bool tf32) {
  Plan<Direction> plan{.descriptors = ConvolutionDescriptors(src, dst, dtype, conv, tf32), .candidates = {}};
  for (const Direction& proposed : candidates_for<Direction>(plan.descriptors)) {
    if (proposed.status != CUDNN_STATUS_SUCCESS || proposed.determinism != CUDNN_DETERMINISTIC) continue;
    if (!fits(proposed.mathType, dtype, tf32) || is_winograd(proposed.algo)) continue;
    std::size_t workspace = 0;
    if (ask_workspace(plan.descriptors, proposed.algo, &workspace) != CUDNN_STATUS_SUCCESS) continue;
    if (workspace <= most_workspace) plan.candidates.push_back({proposed.algo, workspace});
  }
  return plan;
}

template <class Direction>
Plan<Direction>& plan_for(const Tensor& src, const Tensor& dst, const Conv2d& conv) {
  using Key = std::array<std::int64_t, 13>;
  static auto* const plans = new std::map<Key, Plan<Direction>>;  // NOLINT(cppcoreguidelines-owning-memory): as above
  const bool tf32 = tf32_allowed();
  const Shape& from = src.shape();
  const Shape& to = dst.shape();
  const Key key = {from[0],     from[1], from[2],     from[3],     to[0],        to[1],
                   to[2],       to[3],   conv.kernel, conv.stride, conv.padding, static_cast<std::int64_t>(src.dtype()),
                   tf32 ? 1 : 0};
  auto found = plans->find(key);
  if (found == plans->end()) {
    found = plans->emplace(key, make_plan<Direction>(from, to, src.dtype(), conv, tf32)).first;
  }
  return found->second;
}

/// cuDNN's extents and counts are int.
bool can_be_described(const Tensor& maps) { return maps.size() > 0 && maps.size() <= std::numeric_limits<int>::max(); }

/// cuDNN's kernels read 16 bytes at a time.
bool is_aligned(const void* memory) { return reinterpret_cast<std::uintptr_t>(memory) % 16 == 0; }

/// Runs the first candidate that works and removes those before it. Returns false if there is none.
template <class Direction, class Attempt>
bool prove(Plan<Direction>& plan, const Attempt& attempt) {
  recorder().interrupt();  // a failure is visible only if the call is launched at once
  for (; !plan.candidates.empty(); plan.candidates.erase(plan.candidates.begin())) {
    const Candidate<Direction>& candidate = plan.candidates.front();
    plan.proven = attempt(candidate, scratch(candidate.workspace)) == CUDNN_STATUS_SUCCESS;
    if (plan.proven) break;
    cudaGetLastError();  // if the device has failed, the next call reports it
  }
  return plan.proven;
}

/// Runs a convolution from src to dst in this memory. `convolve` calls cuDNN's function with (descriptors, algorithm,
/// workspace, its size).
template <class Direction, class Convolve>
bool run(const Tensor& src, const Tensor& dst, const Conv2d& conv, std::array<const void*, 3> memory,
         std::string_view call, const Convolve& convolve) {
  if (!can_be_described(src) || !can_be_described(dst) || !std::ranges::all_of(memory, is_aligned)) return false;
  Plan<Direction>& plan = plan_for<Direction>(src, dst, conv);
  const auto attempt = [=, its = &plan](const Candidate<Direction>& candidate, std::byte* workspace) {
    return convolve(its->descriptors, candidate.algorithm, workspace, candidate.workspace);
  };
  if (!plan.proven) return prove(plan, attempt);
  const Candidate<Direction> chosen = plan.candidates.front();
  std::byte* workspace = scratch(chosen.workspace);
  recorder().give({key_of(&plan), key_of(memory[0]), key_of(memory[1]), key_of(memory[2]), key_of(workspace)},
                  [=] { check(attempt(chosen, workspace), call); });
  return true;
}

}  // namespace

bool library_convolution_forward(const Tensor& src, const std::byte* weights, const Conv2d& conv, Tensor& dst) {
  const std::byte* from = src.raw();
  std::byte* to = dst.raw();
  return run<Forward>(src, dst, conv, {from, weights, to}, "cudnnConvolutionForward",
                      [=](const ConvolutionDescriptors& of, auto algorithm, std::byte* workspace, std::size_t bytes) {
                        return cudnnConvolutionForward(library(), &one, of.src.get(), from, of.weights.get(), weights,
                                                       of.convolution.get(), algorithm, workspace, bytes, &zero,
                                                       of.dst.get(), to);
                      });
}

bool library_convolution_backward_data(const Tensor& d_dst, const std::byte* weights, const Conv2d& conv,
                                       Tensor& d_src) {
  const std::byte* from = d_dst.raw();
  std::byte* to = d_src.raw();
  return run<BackwardData>(
      d_src, d_dst, conv, {from, weights, to}, "cudnnConvolutionBackwardData",
      [=](const ConvolutionDescriptors& of, auto algorithm, std::byte* workspace, std::size_t bytes) {
        return cudnnConvolutionBackwardData(library(), &one, of.weights.get(), weights, of.dst.get(), from,
                                            of.convolution.get(), algorithm, workspace, bytes, &zero, of.src.get(), to);
      });
}

bool library_convolution_backward_weights(const Tensor& src, const Tensor& d_dst, const Conv2d& conv,
                                          Tensor& d_weights) {
  if (src.dtype() != DType::float32) return false;  // it would round d_weights to bfloat16
  const std::byte* from = src.raw();
  const std::byte* error = d_dst.raw();
  std::byte* to = d_weights.raw();
  return run<BackwardWeights>(
      src, d_dst, conv, {from, error, to}, "cudnnConvolutionBackwardFilter",
      [=](const ConvolutionDescriptors& of, auto algorithm, std::byte* workspace, std::size_t bytes) {
        return cudnnConvolutionBackwardFilter(library(), &one, of.src.get(), from, of.dst.get(), error,
                                              of.convolution.get(), algorithm, workspace, bytes, &zero,
                                              of.weights.get(), to);
      });
}

std::string convolution_library() {
  const std::size_t version = cudnnGetVersion();
  return fmt::format("cuDNN {}.{}.{}", version / 10000, version % 10000 / 100, version % 100);
}

}  // namespace biossl::cuda
