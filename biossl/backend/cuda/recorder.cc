#include "biossl/backend/cuda/recorder.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "biossl/backend/cuda/runtime.h"

namespace biossl::cuda {
namespace {

/// Failures are steps that are new or interrupted, minus steps that match a recording. Above this number, graphs are
/// given up: the steps of this rule differ too much. Each further network in a process adds a few failures.
constexpr int most_failures = 200;
/// A layer-wise rule in bfloat16 has one kind of step per set of blocks whose weights have changed since their last
/// use: 62 for conv6, 126 for vgg6.
constexpr std::size_t most_recordings = 256;
/// Alignment of arguments in a block of bytes, for every type.
constexpr std::size_t alignment = 16;

bool same(const dim3& a, const dim3& b) { return a.x == b.x && a.y == b.y && a.z == b.z; }

}  // namespace

Recorder::Item::Item(const KernelCall& call)
    : kernel(call.kernel), grid(call.grid), block(call.block), sizes(call.sizes, call.sizes + call.count) {
  for (std::size_t i = 0; i < call.count; ++i) {
    begins.push_back((bytes.size() + alignment - 1) / alignment * alignment);
    bytes.resize(begins.back() + sizes[i]);
    std::memcpy(bytes.data() + begins.back(), call.arguments[i], sizes[i]);
  }
  point_into_bytes();
}

Recorder::Item::Item(std::initializer_list<std::uint64_t> key, std::function<void()> opaque)
    : bytes(key.size() * sizeof(std::uint64_t)), run(std::move(opaque)) {
  std::memcpy(bytes.data(), key.begin(), bytes.size());
}

Recorder::Item::Item(const Item& other)
    : kernel(other.kernel),
      grid(other.grid),
      block(other.block),
      bytes(other.bytes),
      begins(other.begins),
      sizes(other.sizes),
      run(other.run) {
  point_into_bytes();
}

void Recorder::Item::point_into_bytes() {
  for (const std::size_t begin : begins) arguments.push_back(bytes.data() + begin);
}

bool Recorder::Item::resembles(const Item& other) const {
  if (kernel != other.kernel) return false;
  return kernel == nullptr ? bytes == other.bytes : same(grid, other.grid) && same(block, other.block);
}

bool Recorder::Item::resembles(const KernelCall& call) const {
  return kernel == call.kernel && same(grid, call.grid) && same(block, call.block);
}

bool Recorder::Item::resembles(std::initializer_list<std::uint64_t> key) const {
  return kernel == nullptr && bytes.size() == key.size() * sizeof(std::uint64_t) &&
         std::memcmp(bytes.data(), key.begin(), bytes.size()) == 0;
}

cudaKernelNodeParams Recorder::Item::parameters() const {
  cudaKernelNodeParams its{};
  its.func = const_cast<void*>(kernel);  // CUDA requires non-const pointers
  its.gridDim = grid;
  its.blockDim = block;
  its.kernelParams = const_cast<void**>(arguments.data());
  return its;
}

void Recorder::Item::play() const {
  if (kernel == nullptr) return run();
  cudaLaunchConfig_t config{};
  config.gridDim = grid;
  config.blockDim = block;
  config.stream = stream();
  check(cudaLaunchKernelExC(&config, kernel, const_cast<void**>(arguments.data())), "cudaLaunchKernelExC");
}

void Recorder::play(const Recording& recording, std::size_t begin, std::size_t end) {
  for (std::size_t i = begin; i < end; ++i) recording.items[i].play();
}

void Recorder::begin() {
  interrupt();
  position_ = 0;
  if (failures_ > most_failures) return;
  if (recordings_.empty()) return start_recording(0);
  if (current_ == nullptr) current_ = recordings_.back().get();
  mode_ = Mode::replaying;
}

bool Recorder::finish() {
  if (mode_ == Mode::recording) instantiate();
  if (mode_ == Mode::replaying) {
    const auto ends_here = [&](const Recording& recording) { return recording.items.size() == position_; };
    if (ends_here(*current_) || switch_to_one_that(ends_here)) {
      failures_ = std::max(failures_ - 1, 0);
    } else {
      start_recording(position_);
      instantiate();
    }
  }
  if (std::exchange(mode_, Mode::direct) == Mode::direct) return false;
  check(cudaGraphLaunch(current_->executable.get(), stream()), "cudaGraphLaunch");
  return true;
}

void Recorder::abandon() {
  mode_ = Mode::direct;
  current_ = nullptr;
  under_way_.reset();
}

void Recorder::interrupt() {
  if (mode_ == Mode::direct) return;
  if (mode_ == Mode::capturing) throw std::logic_error("a library's call makes memory or waits while it is recorded");
  mode_ = Mode::direct;
  play(*current_, 0, position_);
  ++failures_;
  abandon();
}

bool Recorder::gather(const KernelCall& call) {
  if (mode_ == Mode::replaying && follow(call)) {
    change(*current_, position_++, call.arguments);
    return true;
  }
  return mode_ == Mode::recording && record(Item(call));
}

bool Recorder::gather_opaque(std::initializer_list<std::uint64_t> key, const std::function<void()>& run) {
  if (mode_ == Mode::replaying && follow(key)) {
    ++position_;
    return true;
  }
  return mode_ == Mode::recording && record(Item(key, run));
}

/// Starts a recording with the first items of the current one.
void Recorder::start_recording(std::size_t items) {
  auto recording = std::make_unique<Recording>();
  cudaGraph_t graph = nullptr;
  check(cudaGraphCreate(&graph, 0), "cudaGraphCreate");
  recording->graph.reset(graph);
  const Recording* from = std::exchange(current_, recording.get());
  under_way_ = std::move(recording);
  mode_ = Mode::recording;
  position_ = 0;
  for (std::size_t i = 0; i < items; ++i) {
    if (!record(from->items[i])) return play(*from, i, items);
  }
}

/// Adds a call to the recording. If CUDA refuses it, the step continues without a graph, and the caller launches the
/// call.
bool Recorder::record(Item item) {
  if (item.kernel == nullptr ? add_captured(item) == cudaSuccess : add_kernel(item) == cudaSuccess) {
    current_->items.push_back(std::move(item));
    ++position_;
    return true;
  }
  cudaGetLastError();  // clears the error: the step continues
  interrupt();
  return false;
}

cudaError_t Recorder::add_kernel(Item& item) {
  const cudaKernelNodeParams parameters = item.parameters();
  const bool first = position_ == 0;
  return cudaGraphAddKernelNode(&item.node, current_->graph.get(), first ? nullptr : &current_->items.back().node,
                                first ? 0 : 1, &parameters);
}

cudaError_t Recorder::add_captured(Item& item) {
  // Relaxed: a library may load a kernel during capture. No other thread calls CUDA.
  check(cudaStreamBeginCapture(stream(), cudaStreamCaptureModeRelaxed), "cudaStreamBeginCapture");
  mode_ = Mode::capturing;
  bool taken = true;
  try {
    item.run();
  } catch (const std::runtime_error&) {
    taken = false;  // the same call outside the recording reports a real error
  }
  mode_ = Mode::recording;
  cudaGraph_t captured = nullptr;
  const cudaError_t ended = cudaStreamEndCapture(stream(), &captured);
  if (!taken || ended != cudaSuccess) {
    if (captured != nullptr) cudaGraphDestroy(captured);
    return taken ? ended : cudaErrorStreamCaptureUnsupported;
  }
  const bool first = position_ == 0;
  const cudaError_t status = cudaGraphAddChildGraphNode(
      &item.node, current_->graph.get(), first ? nullptr : &current_->items.back().node, first ? 0 : 1, captured);
  cudaGraphDestroy(captured);  // the node has a copy
  return status;
}

void Recorder::instantiate() {
  if (mode_ != Mode::recording) return;
  cudaGraphExec_t executable = nullptr;
  if (cudaGraphInstantiate(&executable, current_->graph.get(), 0) != cudaSuccess) {
    cudaGetLastError();
    return interrupt();
  }
  current_->executable.reset(executable);
  if (recordings_.size() == most_recordings) recordings_.erase(recordings_.begin());
  recordings_.push_back(std::move(under_way_));
}

template <class Call>
bool Recorder::follow(const Call& call) {
  const auto goes_on = [&](const Recording& recording) {
    return position_ < recording.items.size() && recording.items[position_].resembles(call);
  };
  if (goes_on(*current_) || switch_to_one_that(goes_on)) return true;
  ++failures_;
  start_recording(position_);
  return false;
}

bool Recorder::switch_to_one_that(const std::function<bool(const Recording&)>& fits) {
  const std::vector<Item>& gathered = current_->items;
  const auto resembles = [](const Item& a, const Item& b) { return a.resembles(b); };
  const auto end = gathered.begin() + static_cast<std::ptrdiff_t>(position_);
  for (const auto& other : recordings_) {
    if (other.get() == current_ || other->items.size() < position_ || !fits(*other)) continue;
    if (!std::equal(gathered.begin(), end, other->items.begin(), resembles)) continue;
    for (std::size_t i = 0; i < position_; ++i) change(*other, i, gathered[i].arguments.data());
    current_ = other.get();
    return true;
  }
  return false;
}

void Recorder::change(Recording& recording, std::size_t index, void* const* arguments) {
  Item& item = recording.items[index];
  bool changed = false;
  for (std::size_t i = 0; i < item.arguments.size(); ++i) {
    if (std::memcmp(item.arguments[i], arguments[i], item.sizes[i]) == 0) continue;
    std::memcpy(item.arguments[i], arguments[i], item.sizes[i]);
    changed = true;
  }
  if (!changed) return;
  const cudaKernelNodeParams parameters = item.parameters();
  check(cudaGraphExecKernelNodeSetParams(recording.executable.get(), item.node, &parameters),
        "cudaGraphExecKernelNodeSetParams");
}

Recorder& recorder() {
  static auto* const the_recorder = new Recorder;  // NOLINT(cppcoreguidelines-owning-memory): outlives every tensor
  return *the_recorder;
}

}  // namespace biossl::cuda
