#include <gtest/gtest.h>

#include "biossl/core/accelerator.h"
#include "tests/support/devices.h"

namespace biossl {
namespace {

// Tests over devices have instances for those that are there; this one says so where a GPU is not.
TEST(TestsOnAGpu, AreMadeWhereThereIsOne) {
  if (accelerator::count() == 0) GTEST_SKIP() << "there is no GPU: no test has an instance on cuda";
  EXPECT_EQ(testing::compared_devices().back(), Device::cuda);
  EXPECT_EQ(testing::all_devices().back(), Device::cuda);
}

}  // namespace
}  // namespace biossl
