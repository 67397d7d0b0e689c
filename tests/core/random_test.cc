#include "biossl/core/random.h"

#include <gtest/gtest.h>

namespace biossl {
namespace {

// Known answers of Philox4x32-10 from the Random123 distribution (kat_vectors).
TEST(Philox, KnownAnswers) {
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}),
            (std::array<std::uint32_t, 4>{0x6627e8d5U, 0xe169c58dU, 0xbc57ac4cU, 0x9b00dbd8U}));
  EXPECT_EQ(philox({0xffffffffU, 0xffffffffU, 0xffffffffU, 0xffffffffU}, {0xffffffffU, 0xffffffffU}),
            (std::array<std::uint32_t, 4>{0x408f276dU, 0x41c83b0eU, 0xa20bc7c6U, 0x6d5451fdU}));
  EXPECT_EQ(philox({0x243f6a88U, 0x85a308d3U, 0x13198a2eU, 0x03707344U}, {0xa4093822U, 0x299f31d0U}),
            (std::array<std::uint32_t, 4>{0xd16cfe09U, 0x94fdccebU, 0x5001e420U, 0x24126ea1U}));
}

TEST(Random, SameKeySameNumbersOtherKeyOtherNumbers) {
  const auto first = [](Random random) { return random.word(); };
  const std::uint32_t base = first(Random(7, Purpose::views, 3, 11, 1));
  EXPECT_EQ(base, first(Random(7, Purpose::views, 3, 11, 1)));
  EXPECT_NE(base, first(Random(8, Purpose::views, 3, 11, 1)));
  EXPECT_NE(base, first(Random(7, Purpose::world, 3, 11, 1)));
  EXPECT_NE(base, first(Random(7, Purpose::views, 4, 11, 1)));
  EXPECT_NE(base, first(Random(7, Purpose::views, 3, 12, 1)));
  EXPECT_NE(base, first(Random(7, Purpose::views, 3, 11, 0)));
}

// What a seed means may not change: checkpoints, recipes and published runs rely on it.
TEST(Random, TheStreamsOfEveryPurposeArePinned) {
  const std::uint32_t first_words[] = {0x9f8b58aeU, 0xc72180e2U, 0x0930e838U, 0x9ffe51d8U, 0x466e18ecU, 0x1827acf8U,
                                       0x2497c581U, 0x4d31943fU, 0x40b3719eU, 0x9696efb3U, 0xb64d2ce3U};
  std::uint32_t purpose = 1;
  for (const std::uint32_t word : first_words) {
    EXPECT_EQ(Random(7, static_cast<Purpose>(purpose), 3, 11, 1).word(), word) << purpose;
    ++purpose;
  }
  EXPECT_EQ(static_cast<std::uint32_t>(Purpose::negatives), 11U);
}

TEST(Random, StreamsWithANameAreTheirOwn) {
  EXPECT_EQ(Random(7, "byol.noise", 3, 11, 1).word(), 0x236d3f6aU);
  EXPECT_NE(Random(7, "byol.noise").word(), Random(7, "byol.noises").word());
  EXPECT_NE(Random(7, "byol.noise").word(), Random(8, "byol.noise").word());
}

TEST(Random, AStreamCanBeEnteredAnywhere) {
  const Random stream(7, Purpose::feedback, 3, 11);
  for (const int first : {0, 1, 3, 4, 9}) {
    Random walked = stream;
    for (int i = 0; i < first; ++i) walked.word();
    for (const int more : {0, 1, 2, 4, 7, 8}) {
      Random further = walked;
      for (int i = 0; i < more; ++i) further.word();
      Random jumped = walked.ahead(more);
      for (int i = 0; i < 6; ++i) ASSERT_EQ(jumped.word(), further.word()) << first << " + " << more;
    }
  }
}

TEST(Random, AnotherEpochsStreamIsThatOfItsKey) {
  Random walked(7, Purpose::feedback, 3, 11, 2);
  walked.word();
  Random other = walked.of_epoch(5);
  Random expected(7, Purpose::feedback, 5, 11, 2);
  for (int i = 0; i < 6; ++i) ASSERT_EQ(other.word(), expected.word());
}

// The forward weights of a seed were drawn as uniform(-bound, bound) before; fused, that is the same number.
TEST(Random, SymmetricIsUniformBetweenTheBoundsRoundedOnce) {
  Random one(1, Purpose::weights);
  Random other(1, Purpose::weights);
  const float bound = 1.0F / std::sqrt(27.0F);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(one.symmetric(bound), std::fma(2 * bound, other.uniform(), -bound));
}

TEST(Random, DrawsHaveTheirDistributions) {
  Random random(1, Purpose::sample);
  const int draws = 100000;
  double sum = 0;
  double square = 0;
  double uniform = 0;
  int heads = 0;
  for (int i = 0; i < draws; ++i) {
    const double normal = random.normal();
    sum += normal;
    square += normal * normal;
    const float u = random.uniform();
    ASSERT_GE(u, 0.0F);
    ASSERT_LT(u, 1.0F);
    uniform += u;
    heads += random.coin() ? 1 : 0;
    ASSERT_LT(random.below(7), 7U);
  }
  EXPECT_NEAR(sum / draws, 0.0, 0.02);
  EXPECT_NEAR(square / draws, 1.0, 0.03);
  EXPECT_NEAR(uniform / draws, 0.5, 0.005);
  EXPECT_NEAR(static_cast<double>(heads) / draws, 0.5, 0.01);
}

}  // namespace
}  // namespace biossl
