#pragma once

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>

namespace biossl::testing {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool address_space_can_be_limited = false;  // sanitizers need all of it
#else
constexpr bool address_space_can_be_limited = true;
#endif

/// As long as it lives, this process gets at most so many bytes more than it has (RLIMIT_AS).
class LimitedAddressSpace {
 public:
  explicit LimitedAddressSpace(std::int64_t more) {
    malloc_trim(0);
    std::ifstream file("/proc/self/statm");
    std::int64_t pages = 0;
    is_limited_ = static_cast<bool>(file >> pages) && getrlimit(RLIMIT_AS, &before_) == 0;
    if (!is_limited_) return;
    rlimit limit = before_;
    limit.rlim_cur = static_cast<rlim_t>(pages * sysconf(_SC_PAGESIZE) + more);
    is_limited_ = setrlimit(RLIMIT_AS, &limit) == 0;
  }
  LimitedAddressSpace(const LimitedAddressSpace&) = delete;
  LimitedAddressSpace& operator=(const LimitedAddressSpace&) = delete;
  ~LimitedAddressSpace() {
    if (is_limited_) setrlimit(RLIMIT_AS, &before_);
  }

  /// False where the system has no such limit.
  bool is_limited() const { return is_limited_; }

 private:
  rlimit before_{};
  bool is_limited_ = false;
};

}  // namespace biossl::testing
