#include "cli/thread_waiting.h"

#include <unistd.h>

#include <cstdlib>

namespace biossl::cli {

void sleep_while_waiting(char** argv) {
  constexpr const char* policy = "OMP_WAIT_POLICY";
  if (std::getenv(policy) != nullptr) return;
  if (setenv(policy, "passive", 0) == 0) execv("/proc/self/exe", argv);
}

}  // namespace biossl::cli
