#include "biossl/data/batch_sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "biossl/core/random.h"
#include "biossl/ops/ops.h"
#include "tests/support/devices.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

/// What an epoch's order should be.
std::vector<double> order_of(std::uint64_t seed, std::uint32_t epoch, std::int64_t images) {
  Tensor order({images}, DType::int32, Device::reference);
  ops::random_permutation(Random(seed, Purpose::shuffle, epoch), order);
  return testing::values_of(order);
}

class BatchSamplerOn : public ::testing::TestWithParam<Device> {};

TEST_P(BatchSamplerOn, EveryImageIsInOneBatchAndTheLastMayBeShort) {
  BatchSampler sampler(1, 23, 5, GetParam());
  ASSERT_EQ(sampler.batches(), 5);
  sampler.start_epoch(2);
  std::vector<double> seen;
  for (std::int64_t batch = 0; batch < sampler.batches(); ++batch) {
    const Tensor rows = sampler.rows(batch);
    EXPECT_EQ(rows.extent(0), batch < 4 ? 5 : 3);
    EXPECT_EQ(rows.device(), GetParam());
    std::ranges::copy(testing::values_of(rows), std::back_inserter(seen));
  }
  EXPECT_EQ(seen, order_of(1, 2, 23));
  sampler.start_epoch(3);
  const std::vector<double> next = order_of(1, 3, 23);
  EXPECT_EQ(testing::values_of(sampler.rows(4)), std::vector<double>(next.end() - 3, next.end()));
  EXPECT_NE(next, order_of(1, 2, 23));
  EXPECT_THROW(sampler.rows(5), std::invalid_argument);
  EXPECT_THROW(sampler.rows(-1), std::invalid_argument);
}

INSTANTIATE_TEST_SUITE_P(All, BatchSamplerOn, ::testing::ValuesIn(testing::all_devices()), testing::DeviceName());

TEST(BatchSampler, ReusesItsMemory) {
  BatchSampler sampler(1, 10, 20, Device::cpu);
  const std::byte* before = sampler.rows(0).raw();
  sampler.start_epoch(7);
  EXPECT_EQ(sampler.batches(), 1);
  EXPECT_EQ(sampler.rows(0).raw(), before);
  EXPECT_EQ(sampler.rows(0).extent(0), 10);
  EXPECT_THROW(BatchSampler(1, 0, 5, Device::cpu), std::invalid_argument);
  EXPECT_THROW(BatchSampler(1, 5, 0, Device::cpu), std::invalid_argument);
}

}  // namespace
}  // namespace biossl
