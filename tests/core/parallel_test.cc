#include "biossl/core/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <set>
#include <stdexcept>
#include <vector>

namespace biossl {
namespace {

/// Gives the process another number of threads for the length of a test.
class Threads {
 public:
  explicit Threads(int count) : before_(threads()) { set_threads(count); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
  ~Threads() { set_threads(before_); }

 private:
  int before_;
};

class ParallelFor : public ::testing::TestWithParam<int> {
 protected:
  Threads threads_{GetParam()};
};

TEST_P(ParallelFor, CoversEveryIndexOnce) {
  for (const std::int64_t count : {0, 1, 2, 7, 16, 100, 1001}) {
    for (const std::int64_t grain : {1, 3, 16, 5000}) {
      std::vector<std::atomic<int>> visits(static_cast<std::size_t>(count));
      parallel_for(count, grain, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) ++visits[static_cast<std::size_t>(i)];
      });
      for (const auto& visit : visits) ASSERT_EQ(visit, 1) << count << " by " << grain;
    }
  }
}

TEST_P(ParallelFor, PiecesBeginAtMultiplesOfTheGrainAndAreNoMoreThanThreads) {
  std::mutex mutex;
  std::set<std::int64_t> begins;
  parallel_for(1000, 16, [&](std::int64_t begin, std::int64_t) {
    const std::scoped_lock lock(mutex);
    begins.insert(begin);
  });
  EXPECT_LE(begins.size(), static_cast<std::size_t>(GetParam()));
  for (const std::int64_t begin : begins) EXPECT_EQ(begin % 16, 0);
}

TEST_P(ParallelFor, ExceptionsComeOut) {
  const auto work = [](std::int64_t, std::int64_t end) {
    if (end == 100) throw std::runtime_error("the last piece");
  };
  EXPECT_THROW(parallel_for(100, 1, work), std::runtime_error);
}

INSTANTIATE_TEST_SUITE_P(All, ParallelFor, ::testing::Values(1, 2, 5));

TEST(Threads, MustBeAtLeastOne) { EXPECT_THROW(set_threads(0), std::invalid_argument); }

}  // namespace
}  // namespace biossl
