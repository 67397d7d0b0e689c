#include <cuda_runtime.h>
#include <mma.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <map>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

#include "tests/simulated_cuda/clocks.h"

namespace simulated_cuda {
namespace {

// --- device memory: each block ends where a page that is not there begins

struct Block {
  std::byte* pages;
  std::size_t size;  // of the pages that are there
};

std::map<const std::byte*, Block>& blocks() {
  static auto* const all = new std::map<const std::byte*, Block>;  // outlives what is freed at the end of the process
  return *all;
}
int open = 0;

void protect(const Block& block, bool closed) {
  mprotect(block.pages, block.size, closed ? PROT_NONE : PROT_READ | PROT_WRITE);
}

const Block* block_of(const void* pointer) {
  const auto* address = static_cast<const std::byte*>(pointer);
  auto after = blocks().upper_bound(address);
  if (after == blocks().begin()) return nullptr;
  const Block& block = std::prev(after)->second;
  return address < block.pages + block.size ? &block : nullptr;
}

// --- threads of a block: each runs until it waits for others; those that never wait share one stack

constexpr std::size_t stack_bytes = std::size_t{256} << 10;
enum class State : std::uint8_t { unborn, ready, at_block, at_warp, done };

struct Thread {
  State state = State::unborn;
  std::size_t fiber = 0;
  std::array<std::uint64_t, 2> handed{};
  unsigned exchanges = 0;
  unsigned block_barriers = 0, warp_barriers = 0;
};

/// Where the clocks of those who share a barrier meet. Two, in turn: who is past one may be at the next already.
using Meeting = std::array<char, 2>;

struct Fiber {
  ucontext_t context{};
  std::unique_ptr<std::byte[]> stack = std::make_unique<std::byte[]>(stack_bytes);
  std::size_t thread = 0;
  bool free = true;
  bool free_after_block = false;  // where clocks are kept, and each thread so has a stack of its own
  void* clock = clocks::make();
};

class Machine {
 public:
  void run_block(std::size_t threads, const std::function<void()>& body) {
    body_ = &body;
    threads_.assign(threads, Thread{});
    first_unborn_ = 0;
    while (run_some()) release();
    clocks::take(&host_meeting_);
    for (const auto& fiber : fibers_) fiber->free |= std::exchange(fiber->free_after_block, false);
    if (failure_ != nullptr) std::rethrow_exception(std::exchange(failure_, nullptr));
    const auto waiting = std::ranges::count_if(threads_, [](const Thread& t) { return t.state != State::done; });
    if (waiting > 0) throw std::logic_error("threads of a block wait for each other in different places");
  }

  /// Waits without having seen what the others did before.
  void wait(State state) {
    clocks::give(&host_meeting_);  // where threads wait in vain, the block ends here
    threads_[current_].state = state;
    switch_to_scheduler();
  }
  void wait_for_block() { wait_and_see(State::at_block, block_meeting_[threads_[current_].block_barriers++ % 2]); }
  void wait_for_warp() {
    wait_and_see(State::at_warp, warp_meetings_[current_ / 32][threads_[current_].warp_barriers++ % 2]);
  }
  std::uint64_t exchange(std::uint64_t bits, int from) {
    const std::size_t me = current_;
    const unsigned turn = threads_[me].exchanges++ % 2;  // who is ahead by one exchange does not disturb
    threads_[me].handed[turn] = bits;
    wait(State::at_warp);
    return threads_[me / 32 * 32 + static_cast<std::size_t>(from)].handed[turn];
  }
  int lane() const { return static_cast<int>(current_ % 32); }

 private:
  void wait_and_see(State state, char& meeting) {
    clocks::give(&meeting);
    wait(state);
    clocks::take(&meeting);
  }

  bool run_some() {
    bool any = false;
    for (std::size_t t = 0; t < threads_.size() && failure_ == nullptr; ++t) {
      if (threads_[t].state == State::ready) {
        any = true;
        resume(threads_[t].fiber);
      } else if (threads_[t].state == State::unborn) {
        any = true;
        resume(free_fiber());
      }
    }
    return any && failure_ == nullptr;
  }

  /// Lets those go on who have all arrived.
  void release() {
    for (std::size_t first = 0; first < threads_.size(); first += 32) {
      const std::size_t last = std::min(first + 32, threads_.size());
      release(first, last, State::at_warp);
    }
    release(0, threads_.size(), State::at_block);
  }
  void release(std::size_t first, std::size_t last, State waiting) {
    const auto begin = threads_.begin() + static_cast<std::ptrdiff_t>(first);
    const auto end = threads_.begin() + static_cast<std::ptrdiff_t>(last);
    if (!std::all_of(begin, end, [=](const Thread& t) { return t.state == waiting || t.state == State::done; })) return;
    for (auto t = begin; t != end; ++t) {
      if (t->state == waiting) t->state = State::ready;
    }
  }

  std::size_t free_fiber() {
    for (std::size_t f = 0; f < fibers_.size(); ++f) {
      if (fibers_[f]->free) return f;
    }
    auto fiber = std::make_unique<Fiber>();
    getcontext(&fiber->context);
    fiber->context.uc_stack.ss_sp = fiber->stack.get();
    fiber->context.uc_stack.ss_size = stack_bytes;
    fiber->context.uc_link = nullptr;
    makecontext(&fiber->context, &Machine::fiber_main, 0);
    // AddressSanitizer would clear so much at every switch. It need not: start_switch tells it of the stack.
    fiber->context.uc_stack.ss_size = 0;
    fibers_.push_back(std::move(fiber));
    return fibers_.size() - 1;
  }

  void become(std::size_t thread) {
    current_ = thread;
    threadIdx = {static_cast<unsigned>(thread % blockDim.x), static_cast<unsigned>(thread / blockDim.x % blockDim.y),
                 static_cast<unsigned>(thread / blockDim.x / blockDim.y)};
  }

  void resume(std::size_t f) {
    Fiber& fiber = *fibers_[f];
    running_ = f;
    if (!fiber.free) become(fiber.thread);
    start_switch(&scheduler_stack_, fiber.stack.get(), stack_bytes);
    scheduler_clock_ = clocks::current();
    clocks::switch_to(fiber.clock, fiber.free);
    swapcontext(&scheduler_, &fiber.context);
    finish_switch(scheduler_stack_, nullptr, nullptr);
  }

  void switch_to_scheduler() {
    Fiber& fiber = *fibers_[running_];
    void* kept = nullptr;
    start_switch(&kept, scheduler_bottom_, scheduler_size_);
    clocks::switch_to(scheduler_clock_, false);
    swapcontext(&fiber.context, &scheduler_);
    finish_switch(kept, &scheduler_bottom_, &scheduler_size_);
  }

  static void fiber_main();
  void run_fiber() {
    finish_switch(nullptr, &scheduler_bottom_, &scheduler_size_);
    while (true) {
      Fiber& fiber = *fibers_[running_];
      fiber.free = false;
      do {
        run_thread(fiber, first_unborn_++);
      } while (!clocks::kept && first_unborn_ < threads_.size() && failure_ == nullptr);
      (clocks::kept ? fiber.free_after_block : fiber.free) = true;
      switch_to_scheduler();
    }
  }
  void run_thread(Fiber& fiber, std::size_t thread) {
    fiber.thread = thread;
    threads_[thread].fiber = static_cast<std::size_t>(
        std::ranges::find_if(fibers_, [&](const auto& each) { return each.get() == &fiber; }) - fibers_.begin());
    become(thread);
    try {
      (*body_)();
    } catch (...) {
      failure_ = std::current_exception();
    }
    clocks::give(&host_meeting_);
    threads_[thread].state = State::done;
  }

#if defined(__SANITIZE_ADDRESS__)
  static void start_switch(void** kept, const void* bottom, std::size_t size) {
    __sanitizer_start_switch_fiber(kept, bottom, size);
  }
  static void finish_switch(void* kept, const void** bottom, std::size_t* size) {
    __sanitizer_finish_switch_fiber(kept, bottom, size);
  }
#else
  static void start_switch(void** /*kept*/, const void* /*bottom*/, std::size_t /*size*/) {}
  static void finish_switch(void* /*kept*/, const void** /*bottom*/, std::size_t* /*size*/) {}
#endif

  const std::function<void()>* body_ = nullptr;
  std::vector<Thread> threads_;
  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::size_t current_ = 0, running_ = 0, first_unborn_ = 0;
  Meeting block_meeting_{};
  std::array<Meeting, 32> warp_meetings_{};
  char host_meeting_ = 0;
  void* scheduler_clock_ = nullptr;
  ucontext_t scheduler_{};
  void* scheduler_stack_ = nullptr;
  const void* scheduler_bottom_ = nullptr;
  std::size_t scheduler_size_ = 0;
  std::exception_ptr failure_;
};

Machine& machine() {
  static auto* const the_machine = new Machine;
  return *the_machine;
}

void Machine::fiber_main() { machine().run_fiber(); }

}  // namespace

Access::Access() {
  if (open++ > 0) return;
  for (const auto& [address, block] : blocks()) protect(block, false);
}

Access::~Access() {
  if (--open > 0) return;
  for (const auto& [address, block] : blocks()) protect(block, true);
}

void wait_for_block() { machine().wait_for_block(); }
void wait_for_warp() { machine().wait_for_warp(); }
std::uint64_t exchange(std::uint64_t bits, int from) { return machine().exchange(bits, from); }
int lane() { return machine().lane(); }
bool leads_warp(const void* memory, std::size_t stride_bytes) {
  const bool aligned = reinterpret_cast<std::uintptr_t>(memory) % 32 == 0 && stride_bytes % 16 == 0;
  if (!aligned) throw std::logic_error("a tensor core's matrix is not aligned");
  machine().wait(State::at_warp);
  return lane() == 0;
}

cudaError_t run(const cudaLaunchConfig_t& config, const std::function<void()>& body) {
  const dim3 grid = config.gridDim;
  const dim3 block = config.blockDim;
  const std::size_t threads = std::size_t{block.x} * block.y * block.z;
  const bool fits = threads >= 1 && threads <= 1024 && block.z <= 64 && grid.x >= 1 && grid.y >= 1 && grid.z >= 1 &&
                    grid.x <= 0x7fffffffU && grid.y <= 65535 && grid.z <= 65535;
  if (!fits) return cudaErrorInvalidConfiguration;
  const Access access;
  gridDim = grid;
  blockDim = block;
  for (unsigned z = 0; z < grid.z; ++z) {
    for (unsigned y = 0; y < grid.y; ++y) {
      for (unsigned x = 0; x < grid.x; ++x) {
        blockIdx = {x, y, z};
        machine().run_block(threads, body);
      }
    }
  }
  return cudaSuccess;
}

}  // namespace simulated_cuda

using simulated_cuda::Access;

const char* cudaGetErrorString(cudaError_t status) {
  if (status == cudaErrorMemoryAllocation) return "out of memory";
  return status == cudaSuccess ? "no error" : "invalid configuration argument";
}
const char* cudaGetErrorName(cudaError_t status) {
  if (status == cudaErrorMemoryAllocation) return "cudaErrorMemoryAllocation";
  return status == cudaSuccess ? "cudaSuccess" : "cudaErrorInvalidConfiguration";
}
cudaError_t cudaGetLastError() { return cudaSuccess; }
cudaError_t cudaGetDeviceCount(int* count) {
  *count = 1;
  return cudaSuccess;
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int /*device*/) {
  *properties = {};
  std::snprintf(properties->name, sizeof(properties->name), "simulated GPU");
  properties->major = 9;
  properties->multiProcessorCount = 2;
  properties->totalGlobalMem = std::size_t{1} << 32;
  return cudaSuccess;
}
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr /*attribute*/, int /*device*/) {
  *value = 9;
  return cudaSuccess;
}
cudaError_t cudaDriverGetVersion(int* version) {
  *version = 13000;
  return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = 13000;
  return cudaSuccess;
}
cudaError_t cudaMemGetInfo(std::size_t* available, std::size_t* total) {
  *total = std::size_t{1} << 32;
  std::size_t held = 0;
  for (const auto& [address, block] : simulated_cuda::blocks()) held += block.size;
  *available = *total - std::min(*total, held);
  return cudaSuccess;
}
cudaError_t cudaMalloc(void** memory, std::size_t bytes) {
  std::size_t available = 0;
  std::size_t total = 0;
  cudaMemGetInfo(&available, &total);
  if (bytes > available) return cudaErrorMemoryAllocation;
  constexpr std::size_t alignment = 256;  // what cudaMalloc gives
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  const std::size_t size = (rounded + page - 1) / page * page;
  void* pages = mmap(nullptr, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) return cudaErrorMemoryAllocation;
  auto* first = static_cast<std::byte*>(pages);
  mprotect(first + size, page, PROT_NONE);
  std::memset(first, 0xff, size);
  std::byte* begin = first + (size - rounded);
  const simulated_cuda::Block block{first, size};
  simulated_cuda::blocks().emplace(begin, block);
  if (simulated_cuda::open == 0) simulated_cuda::protect(block, true);
  *memory = begin;
  return cudaSuccess;
}
cudaError_t cudaFree(void* memory) {
  const auto found = simulated_cuda::blocks().find(static_cast<std::byte*>(memory));
  if (found == simulated_cuda::blocks().end()) return cudaErrorInvalidConfiguration;
  munmap(found->second.pages, found->second.size + static_cast<std::size_t>(sysconf(_SC_PAGESIZE)));
  simulated_cuda::blocks().erase(found);
  return cudaSuccess;
}
cudaError_t cudaMemsetAsync(void* memory, int value, std::size_t bytes, cudaStream_t /*stream*/) {
  return simulated_cuda::give([=] {
    const Access access;
    std::memset(memory, value, bytes);
    return cudaSuccess;
  });
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind /*kind*/,
                            cudaStream_t /*stream*/) {
  return simulated_cuda::give([=] {
    const Access access;
    std::memmove(to, from, bytes);
    return cudaSuccess;
  });
}
cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* pointer) {
  const bool device = simulated_cuda::block_of(pointer) != nullptr;
  attributes->type = device ? cudaMemoryTypeDevice : cudaMemoryTypeUnregistered;
  return cudaSuccess;
}
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned /*flags*/) {
  *stream = nullptr;
  return cudaSuccess;
}
