#include "src/process_mutex.h"

#include <unistd.h>

#include <stdexcept>

namespace biossl::python {

void ProcessMutex::lock() {
  const pid_t process = getpid();
  if (const pid_t holder = holder_; holder != 0 && holder != process) {
    throw std::runtime_error(
        "this process was forked while another thread computed with the same network; make a trainer or an encoder of "
        "its own here");
  }
  const std::thread::id own = std::this_thread::get_id();
  if (owner_ != own) {
    const std::scoped_lock turn(next_);
    mutex_.lock();
    owner_ = own;
    holder_ = process;
  }
  ++depth_;
}

void ProcessMutex::unlock() {
  if (--depth_ > 0) return;
  holder_ = 0;
  owner_ = std::thread::id();
  mutex_.unlock();
}

void require_own_thread() {
  if (!is_engine_thread()) return;
  throw std::runtime_error(
      "a thread that reads images ahead cannot look at a network that may be waiting for it; look at it from the "
      "thread that takes the steps");
}

}  // namespace biossl::python
