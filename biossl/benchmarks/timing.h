#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "biossl/core/error.h"
#include "biossl/core/memory.h"
#include "biossl/core/parallel.h"
#include "biossl/core/stopwatch.h"

// Shared by the benchmarks.

namespace biossl {

/// Milliseconds of work.
template <class Work>
double milliseconds_of(Work&& work) {
  const Stopwatch watch;
  work();
  return 1000.0 * watch.seconds();
}

/// Milliseconds of work on a device. On a GPU, whose launches have a latency, the mean over several calls in a row.
template <class Work>
double milliseconds_on(Device device, Work&& work) {
  if (device != Device::cuda) return milliseconds_of(work);
  constexpr int together = 20;
  synchronize(device);
  return milliseconds_of([&] {
           for (int i = 0; i < together; ++i) work();
           synchronize(device);
         }) /
         together;
}

/// The median; for an even count the upper of the two middle numbers. `numbers` must not be empty.
inline double median(std::vector<double> numbers) {
  const auto middle = numbers.begin() + static_cast<std::ptrdiff_t>(numbers.size() / 2);
  std::nth_element(numbers.begin(), middle, numbers.end());
  return *middle;
}

/// Throws std::invalid_argument below 1.
inline void check_repetitions(std::int64_t repetitions) {
  check(repetitions >= 1, "bench", "{} repetitions; at least 1 is needed", repetitions);
}

/// Median milliseconds of work over the repetitions, after one call that does the one-time set-up.
template <class Work>
double median_milliseconds(Device device, std::int64_t repetitions, Work&& work) {
  check_repetitions(repetitions);
  work();
  std::vector<double> times;
  for (std::int64_t i = 0; i < repetitions; ++i) times.push_back(milliseconds_on(device, work));
  return median(std::move(times));
}

/// 1, 2, 4, ... up to `most`, and `most` itself.
inline std::vector<int> thread_counts(int most) {
  std::vector<int> counts;
  for (int count = 1; count < most; count *= 2) counts.push_back(count);
  counts.push_back(most);
  return counts;
}

/// Restores the number of threads at the end of a scope.
class ThreadsKept {
 public:
  ThreadsKept() = default;
  ThreadsKept(const ThreadsKept&) = delete;
  ThreadsKept& operator=(const ThreadsKept&) = delete;
  ~ThreadsKept() { set_threads(before_); }

 private:
  int before_ = threads();
};

}  // namespace biossl
