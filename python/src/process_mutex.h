#pragma once

#include <sys/types.h>

#include <atomic>
#include <mutex>

namespace biossl::python {

/// Lets one thread at a time compute with a network; it may lock again. Where a process is forked while another thread
/// computes, `lock` throws std::runtime_error in the new one, which lacks the thread that would unlock.
class ProcessMutex {
 public:
  void lock();
  void unlock();

 private:
  std::recursive_mutex mutex_;
  int depth_ = 0;
  std::atomic<pid_t> holder_ = 0;  // process of the thread that computes; 0: none does
};

}  // namespace biossl::python
