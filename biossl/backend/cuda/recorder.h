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

/// A kernel's launch, in CUDA's terms.
struct KernelCall {
  const void* kernel;
  dim3 grid, block;
  void** arguments;
  const std::size_t* sizes;  // of the arguments, in bytes
  std::size_t count;         // of the arguments
};

/// Turns the work of a training step into a CUDA graph, so that it costs the processor one launch instead of a hundred.
/// Between begin() and finish() work is gathered instead of given to the device: the first step of a kind makes a graph
/// of it; later ones are compared with it call by call, and where a call's numbers or addresses have changed, its node
/// is changed. So the graph always does what giving the calls one by one would have done, whatever the rule. A step of
/// another kind (another block's turn, a short last batch) gets a graph of its own; a step that makes memory or waits
/// for the device in its middle, as the very first does, is given call by call.
class Recorder {
 public:
  void begin();
  /// Gives the step to the device; true where that was one graph.
  bool finish();
  /// Forgets the step that began: after an exception.
  void abandon();
  /// True where the call was gathered; otherwise it is the caller's to launch.
  bool gather(const KernelCall& call);
  /// The same for calls whose kernels we do not see, those of libraries: `run` gives it to the stream, and two calls
  /// with the same key do the same to the same memory. run must not make memory.
  template <class Run>
  void give(std::initializer_list<std::uint64_t> key, const Run& run) {
    if (mode_ == Mode::direct || !gather_opaque(key, run)) run();
  }
  /// Gives what has been gathered, and the rest of the step directly: before memory is made, or the device waited for.
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
  /// Makes the current recording one that goes on with this call; where there is none, a new one begins.
  template <class Call>
  bool follow(const Call& call);
  bool switch_to_one_that(const std::function<bool(const Recording&)>& fits);
  static void play(const Recording& recording, std::size_t begin, std::size_t end);
  static void change(Recording& recording, std::size_t index, void* const* arguments);

  Mode mode_ = Mode::direct;
  int failures_ = 0;
  std::vector<std::unique_ptr<Recording>> recordings_;
  std::unique_ptr<Recording> under_way_;  // while recording
  Recording* current_ = nullptr;          // what is compared with, or under way
  std::size_t position_ = 0;              // in it
};

Recorder& recorder();

/// An address as a part of a key.
inline std::uint64_t key_of(const void* address) { return reinterpret_cast<std::uintptr_t>(address); }

}  // namespace biossl::cuda
