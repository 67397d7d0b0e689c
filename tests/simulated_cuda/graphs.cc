#include <cuda_runtime.h>

#include <map>
#include <memory>
#include <utility>
#include <vector>

// Streams and graphs: lists of what is to be done, in order.
struct SimulatedGraph {
  struct Node {
    std::function<cudaError_t()> work;
    std::unique_ptr<std::size_t> index = std::make_unique<std::size_t>();
  };
  std::vector<Node> nodes;

  cudaGraphNode_t add(std::function<cudaError_t()> work) {
    Node node{.work = std::move(work)};
    *node.index = nodes.size();
    nodes.push_back(std::move(node));
    return nodes.back().index.get();
  }
};
struct SimulatedGraphExec {
  std::vector<std::function<cudaError_t()>> work;
};

namespace simulated_cuda {
namespace {

std::unique_ptr<SimulatedGraph> captured;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

std::map<const void*, Binder>& binders() {
  static auto* const all = new std::map<const void*, Binder>;
  return *all;
}

/// A kernel's launch with copies of its arguments, as CUDA makes them; nothing of a kernel never launched before.
std::function<cudaError_t()> kernel_work(const cudaKernelNodeParams& parameters) {
  if (!binders().contains(parameters.func)) return {};
  cudaLaunchConfig_t config{};
  config.gridDim = parameters.gridDim;
  config.blockDim = parameters.blockDim;
  return [config, call = binders().at(parameters.func)(parameters.kernelParams)] { return run(config, call); };
}

cudaError_t do_all(const std::vector<std::function<cudaError_t()>>& list) {
  for (const auto& work : list) {
    if (const cudaError_t status = work(); status != cudaSuccess) return status;
  }
  return cudaSuccess;
}

std::vector<std::function<cudaError_t()>> works_of(const SimulatedGraph& graph) {
  std::vector<std::function<cudaError_t()>> list;
  for (const auto& node : graph.nodes) list.push_back(node.work);
  return list;
}

}  // namespace

cudaError_t give(std::function<cudaError_t()> work) {
  if (captured == nullptr) return work();
  captured->add(std::move(work));
  return cudaSuccess;
}

void remember(const void* kernel, Binder binder) { binders().insert_or_assign(kernel, std::move(binder)); }

}  // namespace simulated_cuda

using simulated_cuda::captured;

cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t* config, const void* kernel, void** arguments) {
  const cudaKernelNodeParams parameters{
      const_cast<void*>(kernel), config->gridDim, config->blockDim, 0, arguments, nullptr};
  auto work = simulated_cuda::kernel_work(parameters);
  return work ? simulated_cuda::give(std::move(work)) : cudaErrorInvalidConfiguration;
}
cudaError_t cudaGraphCreate(cudaGraph_t* graph, unsigned /*flags*/) {
  *graph = new SimulatedGraph;
  return cudaSuccess;
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}
cudaError_t cudaGraphAddKernelNode(cudaGraphNode_t* node, cudaGraph_t graph, const cudaGraphNode_t* /*after*/,
                                   std::size_t /*count*/, const cudaKernelNodeParams* parameters) {
  auto work = simulated_cuda::kernel_work(*parameters);
  if (!work) return cudaErrorInvalidConfiguration;
  *node = graph->add(std::move(work));
  return cudaSuccess;
}
cudaError_t cudaGraphAddChildGraphNode(cudaGraphNode_t* node, cudaGraph_t graph, const cudaGraphNode_t* /*after*/,
                                       std::size_t /*count*/, cudaGraph_t child) {
  *node = graph->add([list = simulated_cuda::works_of(*child)] { return simulated_cuda::do_all(list); });
  return cudaSuccess;
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long /*flags*/) {
  *executable = new SimulatedGraphExec{simulated_cuda::works_of(*graph)};
  return cudaSuccess;
}
cudaError_t cudaGraphExecKernelNodeSetParams(cudaGraphExec_t executable, cudaGraphNode_t node,
                                             const cudaKernelNodeParams* parameters) {
  auto work = simulated_cuda::kernel_work(*parameters);
  if (!work) return cudaErrorInvalidConfiguration;
  executable->work[*node] = std::move(work);
  return cudaSuccess;
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t /*stream*/) {
  return simulated_cuda::do_all(executable->work);
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  delete executable;
  return cudaSuccess;
}
cudaError_t cudaStreamBeginCapture(cudaStream_t /*stream*/, cudaStreamCaptureMode /*mode*/) {
  captured = std::make_unique<SimulatedGraph>();
  return cudaSuccess;
}
cudaError_t cudaStreamIsCapturing(cudaStream_t /*stream*/, cudaStreamCaptureStatus* status) {
  *status = captured == nullptr ? cudaStreamCaptureStatusNone : cudaStreamCaptureStatusActive;
  return cudaSuccess;
}
cudaError_t cudaStreamEndCapture(cudaStream_t /*stream*/, cudaGraph_t* graph) {
  *graph = captured.release();
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t /*stream*/) { return cudaSuccess; }
