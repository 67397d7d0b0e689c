#include "cli/interrupt.h"

#include <atomic>
#include <csignal>

namespace biossl::cli {
namespace {

std::atomic<int> caught{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may only touch lock-free atomics");

void remember(int signal) {
  caught.store(signal);
  for (const int other : {SIGINT, SIGTERM}) std::signal(other, SIG_DFL);
}

}  // namespace

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = remember;
  action.sa_flags = SA_RESTART;
  for (const int signal : {SIGINT, SIGTERM}) sigaction(signal, &action, nullptr);
}

int caught_signal() { return caught.load(); }

}  // namespace biossl::cli
