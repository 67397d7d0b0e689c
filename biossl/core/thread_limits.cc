#include "biossl/core/thread_limits.h"

#include <omp.h>
#include <pthread.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <latch>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include "biossl/core/control_groups.h"
#include "biossl/core/parallel.h"

namespace biossl {
namespace {

/// The number at the start of an environment variable, and the text after it; 0 if there is none.
std::pair<std::int64_t, std::string_view> number_in(const char* variable) {
  const char* const value = std::getenv(variable);
  std::string_view text = value == nullptr ? "" : value;
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  std::int64_t number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return {0, ""};
  text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return {number, text};
}

/// The stack size of OpenMP's threads; 0: the system's default.
std::size_t openmp_stack_bytes() {
  for (const char* variable : {"OMP_STACKSIZE", "GOMP_STACKSIZE"}) {
    const auto [number, unit] = number_in(variable);
    if (number <= 0) continue;
    const std::size_t place = std::string_view("bkmg").find(unit.empty() ? 'k' : static_cast<char>(unit[0] | 0x20));
    if (place != std::string_view::npos) return static_cast<std::size_t>(number) << (10 * place);
  }
  return 0;
}

std::int64_t running_threads() {
  std::error_code unknown;
  return std::distance(std::filesystem::directory_iterator("/proc/self/task", unknown), {});
}

void* wait_for(void* gate) {
  static_cast<std::latch*>(gate)->wait();
  return nullptr;
}

/// Starts up to this many threads at once and lets them end again.
int try_threads(int wanted) {
  const std::int64_t before = running_threads();
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return 0;
  if (const std::size_t stack = openmp_stack_bytes(); stack > 0) pthread_attr_setstacksize(&attributes, stack);
  std::latch gate(1);
  std::vector<pthread_t> started;
  started.reserve(static_cast<std::size_t>(wanted));
  for (pthread_t thread{}; std::ssize(started) < wanted; started.push_back(thread)) {
    if (pthread_create(&thread, &attributes, wait_for, &gate) != 0) break;
  }
  gate.count_down();
  for (const pthread_t thread : started) pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  // Joined threads count against limits for another moment, until the kernel has removed them.
  for (int look = 0; look < 1000 && running_threads() > before; ++look) {
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  return static_cast<int>(started.size());
}

}  // namespace

int available_processors(const std::filesystem::path& root) {
  // sched_getaffinity(2) would report one processor if OMP_PROC_BIND has bound this thread to it.
  const int processors = omp_get_num_procs();
  const auto quota = group_processors(root);
  return quota ? static_cast<int>(std::clamp(std::ceil(*quota), 1.0, static_cast<double>(processors))) : processors;
}

int default_threads() {
  const auto [number, rest] = number_in("OMP_NUM_THREADS");
  const bool is_number = number >= 1 && number <= most_threads && (rest.empty() || rest[0] == ',');
  return std::min(is_number ? static_cast<int>(number) : available_processors(), omp_get_thread_limit());
}

void start_threads(int threads) {
  set_threads(threads);
  set_threads(1 + try_threads(biossl::threads() - 1));
  parallel_for(biossl::threads(), 1, [](std::int64_t, std::int64_t) {});
}

}  // namespace biossl
