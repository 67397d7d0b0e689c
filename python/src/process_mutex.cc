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
  mutex_.lock();
  if (depth_++ == 0) holder_ = process;
}

void ProcessMutex::unlock() {
  if (--depth_ == 0) holder_ = 0;
  mutex_.unlock();
}

}  // namespace biossl::python
