#include "biossl/optim/schedule.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace biossl {
namespace {

TEST(Schedule, ConstantStaysAndWarmUpRisesToIt) {
  const Schedule schedule("constant", 0.1, 100, 10);
  EXPECT_NEAR(schedule.rate(0), 0.01, 1e-12);
  EXPECT_NEAR(schedule.rate(9), 0.1, 1e-12);
  EXPECT_NEAR(schedule.rate(99), 0.1, 1e-12);
}

TEST(Schedule, CosineFallsFromTheRateToNothing) {
  const Schedule schedule("cosine", 0.1, 110, 10);
  EXPECT_NEAR(schedule.rate(10), 0.1, 1e-12);
  EXPECT_NEAR(schedule.rate(60), 0.05, 1e-12);
  EXPECT_NEAR(schedule.rate(110), 0.0, 1e-12);
}

TEST(Schedule, RefusesWhatIsImpossible) {
  EXPECT_THROW(Schedule("cosinus", 0.1, 10, 0), std::invalid_argument);
  EXPECT_THROW(Schedule("constant", 0.0, 10, 0), std::invalid_argument);
  EXPECT_THROW(Schedule("constant", 0.1, 10, 11), std::invalid_argument);
}

}  // namespace
}  // namespace biossl
