#include "biossl/data/cropped_images.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <set>

#include "biossl/data/batch_fetcher.h"
#include "tests/support/message_of.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using ::testing::HasSubstr;
using testing::message_of;

using Bytes = std::vector<std::uint8_t>;

/// `images` of 5x7 with two channels, in memory or not.
class Stills final : public Dataset {
 public:
  Stills(std::int64_t images, bool resident)
      : pixels_(testing::random_bytes({images, 5, 7, 2}, Device::cpu, 3)), resident_(resident) {
    size_ = images;
    image_shape_ = {5, 7, 2};
    for (std::int32_t i = 0; i < images; ++i) labels_.push_back(i % 2);
    class_names_ = {"even", "odd"};
  }
  bool is_resident() const override { return resident_; }
  const Tensor& pixels() const override { return resident_ ? pixels_ : Dataset::pixels(); }
  void fetch(std::span<const std::int32_t> rows, std::uint8_t* to) const override {
    for (const std::int32_t row : rows) to = std::copy_n(pixels_.data<const std::uint8_t>() + row * 70, 70, to);
  }

 private:
  Tensor pixels_;
  bool resident_;
};

Bytes image_of(const Dataset& images, std::int32_t row) {
  Bytes bytes(static_cast<std::size_t>(images.image_shape().size()));
  images.fetch(std::span(&row, 1), bytes.data());
  return bytes;
}

/// The crop of height x width at (top, left) of an image, zeros outside, mirrored or not.
Bytes crop_of(const Bytes& image, const CropSize& crop, std::int64_t top, std::int64_t left, bool mirror) {
  Bytes bytes;
  for (std::int64_t y = 0; y < crop.height; ++y) {
    for (std::int64_t x = 0; x < crop.width; ++x) {
      const std::int64_t row = top + y, column = left + (mirror ? crop.width - 1 - x : x);
      for (std::int64_t channel = 0; channel < 2; ++channel) {
        const bool inside = 0 <= row && row < 5 && 0 <= column && column < 7;
        bytes.push_back(inside ? image[static_cast<std::size_t>((row * 7 + column) * 2 + channel)] : 0);
      }
    }
  }
  return bytes;
}

/// (top, left, mirror)
using Place = std::array<std::int64_t, 3>;

/// The only place whose crop this is; a failure of the test if there is none, or another one.
Place place_of(const Bytes& shown, const Bytes& image, const CropSize& crop) {
  std::vector<Place> found;
  for (std::int64_t top = -crop.padding; top <= 5 + crop.padding - crop.height; ++top) {
    for (std::int64_t left = -crop.padding; left <= 7 + crop.padding - crop.width; ++left) {
      for (const bool mirror : {false, true}) {
        if (crop_of(image, crop, top, left, mirror) == shown) found.push_back({top, left, mirror ? 1 : 0});
      }
    }
  }
  EXPECT_EQ(found.size(), 1U);
  return found.empty() ? Place{} : found.front();
}

TEST(CroppedImages, ShowTheMiddleUnlessTheyAreDrawn) {
  const Stills stills(4, true);
  CroppedImages images(std::make_unique<Stills>(4, true), {.height = 2, .width = 4, .padding = 3});
  EXPECT_EQ(images.image_shape(), Shape({2, 4, 2}));
  EXPECT_EQ(images.labels(), stills.labels());
  EXPECT_EQ(images.class_names(), stills.class_names());
  const Bytes middle = crop_of(image_of(stills, 2), {.height = 2, .width = 4}, 1, 1, false);
  EXPECT_EQ(image_of(images, 2), middle);
  images.draw(1, 0);
  images.show_middle();
  EXPECT_EQ(image_of(images, 2), middle);
}

TEST(CroppedImages, AreCutAtEveryPlaceAndHalfOfThemMirrored) {
  for (const CropSize crop : {CropSize{3, 4, 0}, CropSize{5, 7, 1}, CropSize{3, 6, 2}}) {
    const Stills stills(400, true);
    CroppedImages images(std::make_unique<Stills>(400, true), crop);
    images.draw(9, 2);
    std::set<Place> places;
    int mirrored = 0;
    for (std::int32_t row = 0; row < images.size(); ++row) {
      const Place place = place_of(image_of(images, row), image_of(stills, row), crop);
      places.insert(place);
      mirrored += place[2] == 1 ? 1 : 0;
    }
    const std::int64_t all = 2 * (6 + 2 * crop.padding - crop.height) * (8 + 2 * crop.padding - crop.width);
    EXPECT_EQ(std::ssize(places), all);
    EXPECT_NEAR(mirrored, 200, 40);  // 4 standard deviations
  }
}

TEST(CroppedImages, AreDrawnFromSeedEpochAndImageAlone) {
  const CropSize crop{.height = 3, .width = 4, .padding = 1};
  CroppedImages images(std::make_unique<Stills>(60, true), crop);
  CroppedImages in_files(std::make_unique<Stills>(60, false), crop);
  std::vector<std::int32_t> rows(60);
  for (std::int32_t row = 0; row < 60; ++row) rows[static_cast<std::size_t>(row)] = 59 - row;
  const auto all = [&](CroppedImages& of, std::uint64_t seed, std::uint32_t epoch) {
    of.draw(seed, epoch);
    BatchFetcher fetcher(of, 60, Device::cpu);
    const auto bytes = fetcher.get(rows).span<const std::uint8_t>();
    return Bytes(bytes.begin(), bytes.end());
  };
  const Bytes first = all(images, 1, 0);
  EXPECT_EQ(all(in_files, 1, 0), first);
  EXPECT_NE(all(images, 1, 1), first);
  EXPECT_NE(all(images, 2, 0), first);
  EXPECT_EQ(all(images, 1, 0), first);
  const Bytes alone = image_of(images, 59);
  EXPECT_TRUE(std::equal(alone.begin(), alone.end(), first.begin())) << "whatever the batch";
}

TEST(CroppedImages, RefuseWhatIsLargerThanTheImages) {
  const auto make = [](const CropSize& crop) { CroppedImages(std::make_unique<Stills>(1, true), crop); };
  EXPECT_THAT(message_of<std::invalid_argument>([&] { make({.height = 6, .width = 6, .padding = 4}); }),
              HasSubstr("crops of 6x6 pixels exceed the images, which are 5x7"));
  EXPECT_THROW(make({.height = 0, .width = 4}), std::invalid_argument);
  EXPECT_THROW(make({.height = 4, .width = 4, .padding = -1}), std::invalid_argument);
  CroppedImages images(std::make_unique<Stills>(1, true), {.height = 2, .width = 2});
  EXPECT_THROW(image_of(images, 1), std::invalid_argument);
}

}  // namespace
}  // namespace biossl
