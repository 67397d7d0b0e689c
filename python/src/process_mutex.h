#pragma once

#include <sys/types.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "src/lock.h"

namespace biossl::python {

/// Lets one thread at a time compute with a network; it may lock again. Whoever waits comes before a thread that
/// unlocks and locks at once, as one does that takes step after step. Where a process is forked while another thread
/// computes, `lock` throws std::runtime_error in the new one, which lacks the thread that would unlock.
class ProcessMutex {
 public:
  void lock();
  void unlock();

 private:
  std::mutex next_;  // of the one that waits for mutex_
  std::mutex mutex_;
  int depth_ = 0;
  std::atomic<std::thread::id> owner_;
  std::atomic<pid_t> holder_ = 0;  // process of the thread that computes; 0: none does
};

/// Throws std::runtime_error in a thread of the engine's own. It reads images for whoever computes with a network, who
/// may be waiting for it, so it cannot wait for the network.
void require_own_thread();

/// Calls act() with the lock of the interpreter, while no other thread computes with the network. The caller has that
/// lock, and gives it back while it waits. What a step calls does not wait, in the thread that takes the step.
template <class Act>
auto in_turn(ProcessMutex& mutex, const Act& act) {
  require_own_thread();
  std::unique_lock lock(mutex, std::defer_lock);
  {
    const Unlocked unlocked;
    lock.lock();
  }
  return act();
}

}  // namespace biossl::python
