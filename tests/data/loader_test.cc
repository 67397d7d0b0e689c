#include "biossl/data/loader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <numeric>

#include "tests/support/devices.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

TEST(EpochOrder, IsAPermutationThatItsKeyDetermines) {
  for (const std::int64_t images : {0, 1, 2, 7, 1000}) {
    std::vector<std::int32_t> order = epoch_order(3, 5, images);
    EXPECT_EQ(order, epoch_order(3, 5, images));
    std::ranges::sort(order);
    std::vector<std::int32_t> expected(static_cast<std::size_t>(images));
    std::iota(expected.begin(), expected.end(), 0);
    EXPECT_EQ(order, expected);
  }
  EXPECT_NE(epoch_order(3, 5, 1000), epoch_order(3, 6, 1000));
  EXPECT_NE(epoch_order(3, 5, 1000), epoch_order(4, 5, 1000));
  EXPECT_THROW(epoch_order(1, 0, -1), std::invalid_argument);
}

/// All 24 orders of 4 images come up equally often: chi-square with 23 degrees of freedom exceeds 49.7 once in 1000.
TEST(EpochOrder, IsUniform) {
  std::array<int, 256> counts{};
  constexpr int epochs = 24000;
  for (std::uint32_t epoch = 0; epoch < epochs; ++epoch) {
    std::size_t code = 0;
    for (const std::int32_t image : epoch_order(1, epoch, 4)) code = code * 4 + static_cast<std::size_t>(image);
    ++counts[code];
  }
  double chi_square = 0;
  for (const int count : counts) {
    if (count > 0) chi_square += (count - 1000.0) * (count - 1000.0) / 1000.0;
  }
  EXPECT_EQ(std::ranges::count_if(counts, [](int count) { return count > 0; }), 24);
  EXPECT_LT(chi_square, 49.7);
}

class BatchLoaderOn : public ::testing::TestWithParam<Device> {};

TEST_P(BatchLoaderOn, EveryImageIsInOneBatchAndTheLastMayBeShort) {
  BatchLoader loader(1, 23, 5, GetParam());
  ASSERT_EQ(loader.batches(), 5);
  loader.start_epoch(2);
  std::vector<double> seen;
  for (std::int64_t batch = 0; batch < loader.batches(); ++batch) {
    const Tensor rows = loader.rows(batch);
    EXPECT_EQ(rows.extent(0), batch < 4 ? 5 : 3);
    EXPECT_EQ(rows.device(), GetParam());
    std::ranges::copy(testing::values_of(rows), std::back_inserter(seen));
  }
  const std::vector<std::int32_t> order = epoch_order(1, 2, 23);
  EXPECT_EQ(seen, std::vector<double>(order.begin(), order.end()));
  EXPECT_THROW(loader.rows(5), std::invalid_argument);
  EXPECT_THROW(loader.rows(-1), std::invalid_argument);
}

INSTANTIATE_TEST_SUITE_P(All, BatchLoaderOn, ::testing::ValuesIn(testing::all_devices()), testing::DeviceName());

TEST(BatchLoader, ReusesItsMemory) {
  BatchLoader loader(1, 10, 20, Device::cpu);
  const std::byte* before = loader.rows(0).raw();
  loader.start_epoch(7);
  EXPECT_EQ(loader.batches(), 1);
  EXPECT_EQ(loader.rows(0).raw(), before);
  EXPECT_EQ(loader.rows(0).extent(0), 10);
  EXPECT_THROW(BatchLoader(1, 0, 5, Device::cpu), std::invalid_argument);
  EXPECT_THROW(BatchLoader(1, 5, 0, Device::cpu), std::invalid_argument);
}

}  // namespace
}  // namespace biossl
