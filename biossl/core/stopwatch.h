#pragma once

#include <chrono>

namespace biossl {

/// Seconds since construction or the last restart, on a monotonic clock.
class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(clock::now() - start_).count(); }
  void restart() { start_ = clock::now(); }

 private:
  using clock = std::chrono::steady_clock;
  clock::time_point start_ = clock::now();
};

}  // namespace biossl
