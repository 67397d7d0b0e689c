#include "cli/thread_waiting.h"

#include <omp.h>
#include <sched.h>
#include <unistd.h>

#include <cstdlib>
#include <vector>

namespace biossl::cli {
namespace {

/// OMP_PROC_BIND has already bound this thread to one processor; the restarted program would use only that one.
void unbind() {
  std::vector<cpu_set_t> set;
  for (int place = 0; place < omp_get_num_places(); ++place) {
    std::vector<int> processors(static_cast<std::size_t>(omp_get_place_num_procs(place)));
    omp_get_place_proc_ids(place, processors.data());
    for (const int processor : processors) {
      const auto number = static_cast<std::size_t>(processor);
      if (set.size() <= number / CPU_SETSIZE) set.resize(number / CPU_SETSIZE + 1);
      CPU_SET_S(number, set.size() * sizeof(cpu_set_t), set.data());
    }
  }
  if (!set.empty()) sched_setaffinity(0, set.size() * sizeof(cpu_set_t), set.data());
}

}  // namespace

void sleep_while_waiting(char** argv) {
  constexpr const char* policy = "OMP_WAIT_POLICY";
  if (std::getenv(policy) != nullptr || setenv(policy, "passive", 0) != 0) return;
  unbind();
  execv("/proc/self/exe", argv);
}

}  // namespace biossl::cli
