#include "biossl/core/thread_limits.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>

#include <cstdlib>
#include <optional>

#include "biossl/core/parallel.h"

namespace biossl {
namespace {

/// Gives a variable of the environment another value for the length of a test.
class Environment {
 public:
  Environment(const char* name, const char* value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    setenv(name, value, 1);
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  ~Environment() { before_ ? setenv(name_, before_->c_str(), 1) : unsetenv(name_); }

 private:
  const char* name_;
  std::optional<std::string> before_;
};

TEST(ThreadLimits, TheUsersNumberIsTheDefault) {
  for (const char* meant : {"3", " 3", "3,2", "3 , 2"}) {
    const Environment environment("OMP_NUM_THREADS", meant);
    EXPECT_EQ(default_threads(), 3) << meant;
  }
  for (const char* nothing : {"", "0", "-2", "many", "3x", "99999999999"}) {
    const Environment environment("OMP_NUM_THREADS", nothing);
    EXPECT_EQ(default_threads(), available_processors()) << nothing;
  }
}

TEST(ThreadLimits, ProcessorsAreThoseItMayRunOn) {
  cpu_set_t before, one;
  if (sched_getaffinity(0, sizeof before, &before) != 0) GTEST_SKIP() << "more processors than a fixed set holds";
  CPU_ZERO(&one);
  for (int processor = 0; CPU_COUNT(&one) == 0; ++processor) {
    if (CPU_ISSET(processor, &before)) CPU_SET(processor, &one);
  }
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  const int alone = available_processors();
  ASSERT_EQ(sched_setaffinity(0, sizeof before, &before), 0);
  EXPECT_EQ(alone, 1);
}

}  // namespace
}  // namespace biossl
