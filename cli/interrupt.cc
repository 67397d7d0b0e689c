#include "cli/interrupt.h"

#include <array>
#include <atomic>
#include <csignal>

namespace biossl::cli {
namespace {

constexpr std::array at_once_when_repeated{SIGINT, SIGTERM};
constexpr std::array only_remembered{SIGHUP, SIGPIPE, SIGXCPU, SIGUSR1, SIGUSR2};

std::atomic<int> caught{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may only touch lock-free atomics");

void remember(int signal) {
  int none = 0;
  caught.compare_exchange_strong(none, signal);
}

void (*handler_of(int signal))(int) {
  struct sigaction action {};
  sigaction(signal, nullptr, &action);
  return action.sa_handler;
}

void remember_once(int signal) {
  remember(signal);
  for (const int other : at_once_when_repeated) {
    if (handler_of(other) == remember_once) std::signal(other, SIG_DFL);
  }
}

void handle(int signal, void (*handler)(int)) {
  if (handler_of(signal) == SIG_IGN) return;
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigaction(signal, &action, nullptr);
}

}  // namespace

void catch_interrupts() {
  for (const int signal : at_once_when_repeated) handle(signal, remember_once);
  for (const int signal : only_remembered) handle(signal, remember);
}

int caught_signal() { return caught.load(); }

}  // namespace biossl::cli
