#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "biossl/ops/ops.h"
#include "tests/support/devices.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using namespace biossl::testing;

class DrawOn : public ::testing::TestWithParam<Device> {};

TEST_P(DrawOn, UniformDrawsTheNumbersOfTheStream) {
  for (const std::int64_t size : {1, 37, 40013}) {
    const Random stream(7, Purpose::feedback, 3, 2);
    Tensor drawn = poisoned({size}, DType::float32, GetParam());
    ops::draw_uniform(stream, 0.3F, drawn);
    std::vector<double> expected;
    for (Random random = stream; static_cast<std::int64_t>(expected.size()) < size;) {
      expected.push_back(static_cast<double>(random.symmetric(0.3F)));
    }
    EXPECT_EQ(values_of(drawn), expected);
    Tensor behind = poisoned({size}, DType::float32, GetParam());
    ops::draw_uniform(stream.ahead(5), 0.3F, behind);
    const std::vector<double> shifted = values_of(behind);
    for (std::size_t i = 5; i < expected.size(); ++i) ASSERT_EQ(shifted[i - 5], expected[i]);
  }
}

TEST_P(DrawOn, OthersAreTheStreams) {
  for (const std::int64_t size : {1, 2, 3, 500}) {
    const Random stream(7, Purpose::negatives, 3, 2);
    Tensor drawn = indices_of(std::vector<std::int32_t>(static_cast<std::size_t>(size), -1), GetParam());
    ops::draw_negatives(stream, drawn);
    const std::vector<double> others = values_of(drawn);
    Random random = stream;
    for (std::size_t i = 0; i < others.size(); ++i) {
      const std::uint32_t among_others = random.below(static_cast<std::uint32_t>(size - 1));
      EXPECT_EQ(others[i], size == 1 ? 0 : among_others + (among_others >= i ? 1 : 0)) << i << " of " << size;
    }
  }
}

/// Sizes about those of a block of threads; the largest is shuffled with many places wanted by several.
TEST_P(DrawOn, OrdersAreFisherAndYatesOfTheStream) {
  for (const std::int64_t size : {1, 2, 3, 100, 1023, 1024, 1025, 3000}) {
    const Random stream(7, Purpose::shuffle, 3);
    Tensor drawn = indices_of(std::vector<std::int32_t>(static_cast<std::size_t>(size), -1), GetParam());
    ops::random_permutation(stream, drawn);
    std::vector<double> expected(static_cast<std::size_t>(size));
    std::iota(expected.begin(), expected.end(), 0);
    Random random = stream;
    for (std::size_t i = expected.size() - 1; i > 0; --i) {
      std::swap(expected[i], expected[random.below(static_cast<std::uint32_t>(i + 1))]);
    }
    EXPECT_EQ(values_of(drawn), expected) << size;
  }
}

INSTANTIATE_TEST_SUITE_P(All, DrawOn, ::testing::ValuesIn(all_devices()), DeviceName());

TEST(DrawUniform, HasItsDistribution) {
  constexpr std::int64_t size = 100000;
  Tensor drawn = poisoned({size}, DType::float64, Device::reference);
  ops::draw_uniform(Random(1, Purpose::sample), 2.0F, drawn);
  double sum = 0;
  double square = 0;
  for (const double value : drawn.span<double>()) {
    ASSERT_GE(value, -2.0);
    ASSERT_LT(value, 2.0);
    sum += value;
    square += value * value;
  }
  EXPECT_NEAR(sum / size, 0.0, 0.02);
  EXPECT_NEAR(square / size, 4.0 / 3.0, 0.02);
}

/// All 24 orders of 4 numbers come up equally often: chi-square with 23 degrees of freedom exceeds 49.7 once in 1000.
TEST(DrawOrder, IsUniform) {
  std::array<int, 256> counts{};
  Tensor order({4}, DType::int32, Device::reference);
  for (std::uint32_t epoch = 0; epoch < 24000; ++epoch) {
    ops::random_permutation(Random(1, Purpose::shuffle, epoch), order);
    std::size_t code = 0;
    for (const std::int32_t number : order.span<std::int32_t>()) code = code * 4 + static_cast<std::size_t>(number);
    ++counts[code];
  }
  double chi_square = 0;
  for (const int count : counts) {
    if (count > 0) chi_square += (count - 1000.0) * (count - 1000.0) / 1000.0;
  }
  EXPECT_EQ(std::ranges::count_if(counts, [](int count) { return count > 0; }), 24);
  EXPECT_LT(chi_square, 49.7);
}

}  // namespace
}  // namespace biossl
