#pragma once

#include <chrono>

namespace biossl {

/// Seconds since it was made or last restarted, on a clock that never goes back.
class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(clock::now() - start_).count(); }
  void restart() { start_ = clock::now(); }

 private:
  using clock = std::chrono::steady_clock;
  clock::time_point start_ = clock::now();
};

}  // namespace biossl
