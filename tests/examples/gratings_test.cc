#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "biossl/data/dataset.h"
#include "tests/support/data_files.h"

// What docs/data.md promises of a data set of one's own.

namespace biossl {
namespace {

using testing::all_bytes;
using ::testing::ElementsAre;

TEST(Gratings, AreADataSetLikeAnyOther) {
  const auto open = [](Split split, std::uint64_t seed) {
    return open_dataset("gratings", {.split = split, .directory = {}, .images = 5, .image_size = 16, .seed = seed},
                        {{"orientations", std::int64_t{2}}});
  };
  const auto train = open(Split::train, 1);
  EXPECT_EQ(train->image_shape(), Shape({16, 16, 1}));
  EXPECT_EQ(train->image_shape(), image_shape("gratings", {}, 16));
  EXPECT_THAT(train->labels(), ElementsAre(0, 1, 0, 1, 0));
  EXPECT_THAT(train->class_names(), ElementsAre("orientation 0", "orientation 1"));
  EXPECT_EQ(all_bytes(*train), all_bytes(*open(Split::train, 1)));
  EXPECT_NE(all_bytes(*train), all_bytes(*open(Split::test, 1)));
  EXPECT_NE(all_bytes(*train), all_bytes(*open(Split::train, 2)));
  EXPECT_THROW(open_dataset("gratings", {}, {{"orientations", std::int64_t{0}}}), std::invalid_argument);
}

TEST(Gratings, OfOrientationZeroAreTheSameInEveryRow) {
  const auto set = open_dataset("gratings", {.directory = {}, .images = 1, .image_size = 12});
  const std::vector<std::uint8_t> bytes = all_bytes(*set);
  EXPECT_TRUE(std::equal(bytes.begin(), bytes.begin() + 12, bytes.begin() + 12 * 11));
}

}  // namespace
}  // namespace biossl
