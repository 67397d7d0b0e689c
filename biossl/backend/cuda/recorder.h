#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <type_traits>
#include <vector>

namespace biossl::cuda {

/// A kernel launch.
struct KernelCall {
  const void* kernel;
  dim3 grid, block;
  void** arguments;
  const std::size_t* sizes;  // of the arguments, in bytes
  std::size_t count;         // of the arguments
};

/// Turns a training step into a CUDA graph, so that the host launches one graph instead of a hundred kernels. Between
/// begin() and finish() calls are gathered and not launched. The first step of a kind makes a graph. Later steps are
/// compared with it call by call; if the numbers or addresses of a call have changed, its node is updated. So the graph
/// always does the same as the single calls, for every learning rule. A step of another kind (another block learns, a
/// short last batch) gets its own graph. A step that allocates memory or waits for the device, as the first one does,
/// is launched call by call.
class Recorder {
 public:
  void begin();
  /// Launches the step. Returns true if it was one graph.
  bool finish();
  /// Drops the current step, after an exception.
  void abandon();
  /// Returns true if the call was gathered; otherwise the caller launches it.
  bool gather(const KernelCall& call);
  /// The same for calls of libraries, whose kernels are not visible. `run` queues the call on the stream. Two calls
  /// with the same key do the same to the same memory. run must not allocate memory.
  template <class Run>
  void give(std::initializer_list<std::uint64_t> key, const Run& run) {
    if (mode_ == Mode::direct || !gather_opaque(key, run)) run();
  }
  /// Launches what has been gathered, and the rest of the step call by call. Called before memory is allocated or the
  /// device is waited for.
  void interrupt();

 private:
  enum class Mode : std::uint8_t { direct, recording, capturing, replaying };

  /// A call with copies of its arguments.
  struct Item {
    explicit Item(const KernelCall& call);
    Item(std::initializer_list<std::uint64_t> key, std::function<void()> run);
    Item(const Item& other);
    Item(Item&& other) noexcept = default;
    Item& operator=(const Item& other) = delete;
    Item& operator=(Item&& other) = delete;
    ~Item() = default;

    bool resembles(const Item& other) const;
    bool resembles(const KernelCall& call) const;
    bool resembles(std::initializer_list<std::uint64_t> key) const;
    cudaKernelNodeParams parameters() const;
    void play() const;

    const void* kernel = nullptr;  // null: an opaque call
    dim3 grid, block;
    std::vector<std::byte> bytes;  // of the arguments, or an opaque call's key
    std::vector<std::size_t> begins, sizes;
    std::vector<void*> arguments;  // into bytes
    std::function<void()> run;     // an opaque call
    cudaGraphNode_t node = nullptr;

   private:
    void point_into_bytes();
  };
  struct Destroy {
    void operator()(cudaGraph_t graph) const { cudaGraphDestroy(graph); }
    void operator()(cudaGraphExec_t graph) const { cudaGraphExecDestroy(graph); }
  };
  struct Recording {
    std::vector<Item> items;
    std::unique_ptr<std::remove_pointer_t<cudaGraph_t>, Destroy> graph;
    std::unique_ptr<std::remove_pointer_t<cudaGraphExec_t>, Destroy> executable;
  };

  bool gather_opaque(std::initializer_list<std::uint64_t> key, const std::function<void()>& run);
  void start_recording(std::size_t items);
  bool record(Item item);
  cudaError_t add_kernel(Item& item);
  cudaError_t add_captured(Item& item);
  void instantiate();
  /// Makes current_ a recording that continues with this call; if there is none, starts a new one.
  template <class Call>
  bool follow(const Call& call);
  bool switch_to_one_that(const std::function<bool(const Recording&)>& fits);
  static void play(const Recording& recording, std::size_t begin, std::size_t end);
  static void change(Recording& recording, std::size_t index, void* const* arguments);

  Mode mode_ = Mode::direct;
  int failures_ = 0;
  std::vector<std::unique_ptr<Recording>> recordings_;
  std::unique_ptr<Recording> under_way_;  // while recording
  Recording* current_ = nullptr;          // compared with, or being recorded
  std::size_t position_ = 0;              // index of the next call in current_
};

Recorder& recorder();

/// An address in a key.
inline std::uint64_t key_of(const void* address) { return reinterpret_cast<std::uintptr_t>(address); }

}  // namespace biossl::cuda
