// The built-in world draws the same images in every version: results on it can be compared. The numbers below are some
// of its pixels. Processors and compilers round differently, so that a pixel may differ by one, and a few at the edge
// of an object by more.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <vector>

#include "biossl/data/capability.h"
#include "biossl/data/dataset.h"
#include "biossl/data/moments.h"

namespace biossl {
namespace {

constexpr std::int64_t side = 32;
constexpr std::int64_t apart = 8;  // pixels between two that are looked at

/// Pixels of an image (32, 32, 3), every eighth of a row and of a column, from the fourth on.
std::vector<int> some_of(const std::uint8_t* image) {
  std::vector<int> some;
  for (std::int64_t y = apart / 2; y < side; y += apart) {
    for (std::int64_t x = apart / 2; x < side; x += apart) {
      for (std::int64_t channel = 0; channel < 3; ++channel) some.push_back(image[(y * side + x) * 3 + channel]);
    }
  }
  return some;
}

void expect_nearly(const std::vector<int>& drawn, const std::vector<int>& expected) {
  ASSERT_EQ(drawn.size(), expected.size()) << fmt::format("{}", fmt::join(drawn, ", "));
  int others = 0;
  for (std::size_t i = 0; i < drawn.size(); ++i) others += std::abs(drawn[i] - expected[i]) > 1 ? 1 : 0;
  EXPECT_LE(others, 3) << fmt::format("{}", fmt::join(drawn, ", "));
}

TEST(WorldPixels, OfImagesAreTheSameInEveryVersion) {
  const auto world = open_dataset("world", {Split::train, "", 4, side, 1});
  std::vector<int> drawn;
  for (std::int64_t image = 0; image < 4; ++image) {
    const Tensor pixels = world->pixels().rows(image, image + 1);
    const std::vector<int> some = some_of(pixels.data<std::uint8_t>());
    drawn.insert(drawn.end(), some.begin(), some.end());
  }
  expect_nearly(
      drawn,
      {100, 144, 131, 115, 147, 126, 81,  115, 87,  52,  85,  62,  127, 133, 135, 236, 102, 131, 130, 27,  40,  53,
       87,  66,  132, 136, 139, 165, 35,  50,  70,  15,  21,  60,  91,  73,  139, 140, 148, 115, 125, 125, 91,  110,
       102, 67,  96,  80,  189, 129, 209, 167, 126, 194, 146, 123, 178, 92,  100, 125, 165, 125, 193, 35,  135, 90,
       35,  135, 90,  100, 117, 146, 112, 106, 112, 33,  115, 102, 35,  134, 90,  80,  114, 124, 118, 119, 159, 88,
       102, 94,  74,  113, 128, 53,  110, 112, 170, 160, 164, 148, 143, 156, 145, 141, 153, 142, 140, 150, 147, 143,
       147, 220, 194, 206, 220, 194, 206, 132, 133, 150, 127, 130, 157, 220, 194, 206, 220, 194, 206, 125, 128, 158,
       116, 122, 158, 156, 148, 171, 115, 122, 158, 114, 121, 158, 129, 136, 129, 160, 147, 120, 142, 142, 132, 170,
       124, 97,  148, 176, 150, 158, 148, 149, 108, 139, 179, 167, 143, 122, 141, 194, 168, 144, 184, 238, 121, 156,
       201, 158, 159, 136, 110, 172, 156, 40,  51,  66,  40,  51,  66,  144, 175, 148});
}

TEST(WorldPixels, OfMomentsAreTheSameInEveryVersion) {
  const auto world = open_dataset("world", {Split::train, "", 2, side, 1});
  const Capability<MomentSource> moments(*world);
  std::vector<int> drawn;
  for (const std::uint32_t view : {0U, 1U}) {
    std::vector<std::uint8_t> moment(static_cast<std::size_t>(side * side * 3));
    moments->render_moment(moments.row(1), Random(1, Purpose::world, 0, 1, view), moment.data());
    const std::vector<int> some = some_of(moment.data());
    drawn.insert(drawn.end(), some.begin(), some.end());
  }
  expect_nearly(drawn,
                {90,  255, 220, 105, 253, 212, 75,  229, 189, 67,  208, 182, 78,  243, 197, 23,  206, 158, 25,  242,
                 139, 55,  155, 151, 32,  190, 124, 23,  206, 158, 25,  242, 139, 57,  147, 114, 58,  155, 145, 58,
                 139, 129, 54,  122, 121, 32,  66,  105, 78,  67,  47,  96,  86,  61,  114, 104, 74,  133, 123, 87,
                 84,  74,  52,  41,  151, 76,  40,  147, 77,  138, 129, 91,  109, 105, 50,  38,  129, 86,  39,  137,
                 82,  142, 132, 94,  118, 117, 50,  114, 104, 74,  134, 124, 88,  152, 143, 101});
}

}  // namespace
}  // namespace biossl
