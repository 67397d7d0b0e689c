#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "biossl/core/parallel.h"
#include "biossl/data/random_crop.h"
#include "biossl/data/views.h"
#include "tests/support/devices.h"
#include "tests/support/message_of.h"
#include "tests/support/tensors.h"

// The views `crops` and `patches`: what is drawn, and what comes out. The operations have tests of their own
// (tests/ops/crops_test.cc).

namespace biossl {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::indices_of;
using testing::message_of;

class Bytes final : public Dataset {
 public:
  Bytes(std::int64_t images, const Shape& image)
      : pixels_(testing::random_bytes(batch_of(images, image), Device::cpu, 9)) {
    size_ = images;
    image_shape_ = image;
  }
  const Tensor& pixels() const override { return pixels_; }

 private:
  Tensor pixels_;
};

/// Of images of a shape.
class Kind {
 public:
  Kind(const Choice& choice, const Dataset& dataset, std::uint64_t seed = 1, Device device = Device::cpu,
       std::int64_t batch = 8)
      : plan_(plan_views(choice, dataset.image_shape())),
        views_(ViewsRegistry::instance().make(choice.kind, choice.settings, {dataset, seed, batch, device})),
        device_(device) {}

  std::vector<double> make(std::uint32_t epoch, std::uint32_t view, const std::vector<std::int32_t>& images,
                           DType dtype = DType::float32) {
    Tensor dst = room(images, dtype);
    views_->make(epoch, view, indices_of(images, device_), dst);
    return testing::values_of(dst);
  }
  std::vector<double> show(const std::vector<std::int32_t>& images) {
    Tensor dst = room(images, DType::float32);
    views_->show(indices_of(images, device_), dst);
    return testing::values_of(dst);
  }

 private:
  Tensor room(const std::vector<std::int32_t>& images, DType dtype) const {
    return testing::poisoned(batch_of(plan_.rows(std::ssize(images)), plan_.image), dtype, device_);
  }

  ViewPlan plan_;
  std::unique_ptr<Views> views_;
  Device device_;
};

constexpr int draws = 20000;

Crop drawn(std::uint32_t image, const CropRange& range = {}, std::int64_t height = 96, std::int64_t width = 96) {
  return draw_crop(Random(3, Purpose::views, 1, image, 0), range, height, width);
}

TEST(RandomCrops, HaveTheirDistributions) {
  int mirrored = 0, jittered = 0, grey = 0, wide = 0;
  double areas = 0, lowest_hue = 1, highest_hue = -1;
  std::map<std::array<Crop::Colour, 4>, int> orders;
  std::array<double, 3> factors{};
  for (std::uint32_t image = 0; image < draws; ++image) {
    const Crop crop = drawn(image);
    mirrored += crop.mirror ? 1 : 0;
    jittered += crop.jitter ? 1 : 0;
    grey += crop.grey ? 1 : 0;
    wide += crop.width > crop.height ? 1 : 0;
    ASSERT_TRUE(crop.top >= 0 && crop.left >= 0 && crop.top + crop.height <= 96 && crop.left + crop.width <= 96);
    const double area = static_cast<double>(crop.height * crop.width) / (96 * 96);
    const double aspect = static_cast<double>(crop.width) / static_cast<double>(crop.height);
    ASSERT_TRUE(area > 0.08 * 0.95 && area <= 1 && aspect > 0.75 * 0.95 && aspect < 4.0 / 3 * 1.05);
    areas += area / draws;
    ++orders[crop.order];
    const float given[] = {crop.brightness, crop.contrast, crop.saturation};
    for (std::size_t i = 0; i < 3; ++i) {
      ASSERT_TRUE(given[i] >= 0.2F && given[i] <= 1.8F);
      factors[i] += static_cast<double>(given[i]) / draws;
    }
    lowest_hue = std::min(lowest_hue, static_cast<double>(crop.hue));
    highest_hue = std::max(highest_hue, static_cast<double>(crop.hue));
  }
  const auto share = [](int count) { return static_cast<double>(count) / draws; };
  EXPECT_NEAR(share(mirrored), 0.5, 0.015);
  EXPECT_NEAR(share(jittered), 0.8, 0.012);
  EXPECT_NEAR(share(grey), 0.2, 0.012);
  EXPECT_NEAR(share(wide), 0.49, 0.02);  // some are as high as wide
  // An area a fits with an aspect r if |ln r| <= -ln a, and is drawn again otherwise. So the mean is that of uniform
  // areas weighted by min(1, -ln a / ln 4/3).
  EXPECT_NEAR(areas, 0.478, 0.01);
  EXPECT_EQ(orders.size(), 24U);
  for (const auto& [order, count] : orders) EXPECT_NEAR(share(count), 1.0 / 24, 0.006);
  for (const double mean : factors) EXPECT_NEAR(mean, 1, 0.015);
  EXPECT_NEAR(lowest_hue, -0.2, 1e-3);
  EXPECT_NEAR(highest_hue, 0.2, 1e-3);
}

/// Small crops always fit, so nothing is drawn again: the area is uniform, and so is the logarithm of the aspect.
TEST(RandomCrops, AreUniformInAreaAndInTheLogarithmOfTheAspect) {
  const CropRange small{.min_area = 0.01, .max_area = 0.02, .min_aspect = 0.5, .max_aspect = 2};
  std::array<int, 4> areas{}, aspects{}, tops{};
  for (std::uint32_t image = 0; image < draws; ++image) {
    const Crop crop = drawn(image, small, 4000, 4000);
    const double area = static_cast<double>(crop.height * crop.width) / (4000.0 * 4000);
    const double aspect = std::log2(static_cast<double>(crop.width) / static_cast<double>(crop.height));
    const double top = static_cast<double>(crop.top) / static_cast<double>(4001 - crop.height);
    const auto quarter = [](double share) { return static_cast<std::size_t>(std::clamp(share * 4, 0.0, 3.999)); };
    ++areas[quarter((area - 0.01) / 0.01)];
    ++aspects[quarter((aspect + 1) / 2)];
    ++tops[quarter(top)];
  }
  for (const auto& counts : {areas, aspects, tops}) {
    for (const int count : counts) EXPECT_NEAR(count, draws / 4.0, draws / 60.0);
  }
}

TEST(RandomCrops, FallBackToTheMiddle) {
  // No crop of these areas fits into a strip, so the middle is taken, as wide as the aspect admits.
  const Crop wide = drawn(1, {.min_area = 0.9}, 10, 100);
  EXPECT_EQ(wide.height, 10);
  EXPECT_EQ(wide.width, 13);
  EXPECT_EQ(wide.left, 43);
  const Crop high = drawn(1, {.min_area = 0.9}, 100, 10);
  EXPECT_EQ(high.width, 10);
  EXPECT_EQ(high.height, 13);
  EXPECT_EQ(high.top, 43);
  const Crop whole = drawn(1, {.min_area = 1, .min_aspect = 1.2, .max_aspect = 1.2}, 100, 120);
  EXPECT_EQ(whole.height, 100);
  EXPECT_EQ(whole.width, 120);
  const Crop tiny = drawn(1, {}, 1, 1);
  EXPECT_EQ(tiny.height, 1);
  EXPECT_EQ(tiny.width, 1);
}

TEST(RandomCrops, DrawSquaresEverywhere) {
  std::map<std::int64_t, int> tops, lefts;
  int mirrored = 0;
  for (std::uint32_t image = 0; image < draws; ++image) {
    const PatchCrop crop = draw_patch_crop(Random(3, Purpose::views, 1, image, 0), 64, 0.5, 67, 65);
    ++tops[crop.top];
    ++lefts[crop.left];
    mirrored += crop.mirror ? 1 : 0;
  }
  EXPECT_EQ(tops.size(), 4U);
  EXPECT_EQ(lefts.size(), 2U);
  for (const auto& [top, count] : tops) EXPECT_NEAR(count, draws / 4.0, draws / 60.0) << top;
  for (const auto& [left, count] : lefts) EXPECT_NEAR(count, draws / 2.0, draws / 60.0) << left;
  EXPECT_NEAR(mirrored, draws / 2.0, draws / 60.0);
}

class CutViews : public ::testing::TestWithParam<const char*> {};

TEST_P(CutViews, DependOnSeedEpochImageAndViewAlone) {
  const Bytes images(6, {70, 66, 3});
  const Choice choice{GetParam(), {}};
  Kind views(choice, images);
  const std::vector<double> base = views.make(3, 1, {4, 1, 0});
  EXPECT_EQ(base, Kind(choice, images).make(3, 1, {4, 1, 0}));
  const std::vector<double> alone = views.make(3, 1, {1});
  EXPECT_TRUE(std::ranges::equal(alone, std::span(base).subspan(alone.size(), alone.size())));
  EXPECT_NE(base, views.make(2, 1, {4, 1, 0}));
  EXPECT_NE(base, views.make(3, 0, {4, 1, 0}));
  EXPECT_NE(base, Kind(choice, images, 2).make(3, 1, {4, 1, 0}));
  EXPECT_THROW(views.make(0, 0, {0, 1, 2, 3, 4, 5, 0, 1, 2}), std::invalid_argument);
}

TEST_P(CutViews, AgreeAcrossThreadsDevicesAndTypes) {
  const int before = threads();
  const Bytes images(6, {70, 66, 3});
  const Choice choice{GetParam(), {}};
  const std::vector<std::int32_t> rows{5, 0, 3, 2};
  set_threads(1);
  const std::vector<double> base = Kind(choice, images).make(0, 1, rows);
  set_threads(3);
  EXPECT_EQ(Kind(choice, images).make(0, 1, rows), base);
  set_threads(before);
  EXPECT_LT(testing::relative_error(Kind(choice, images, 1, Device::reference).make(0, 1, rows), base), 1e-5);
  EXPECT_LT(testing::relative_error(Kind(choice, images).make(0, 1, rows, DType::bfloat16), base), 4e-3);
}

TEST_P(CutViews, AreRefusedOnAGpu) {
  const Bytes images(6, {70, 66, 3});
  EXPECT_FALSE(makes_views(Device::cuda, GetParam()));
  const auto complaint = message_of<std::invalid_argument>([&] {
    ViewsRegistry::instance().make(GetParam(), {}, {images, 1, 4, Device::cuda});
  });
  EXPECT_THAT(complaint, AllOf(HasSubstr("GPU"), HasSubstr(GetParam()), HasSubstr("--device cpu")));
}

INSTANTIATE_TEST_SUITE_P(Views, CutViews, ::testing::Values("crops", "patches"));

TEST(CropViews, HaveTheirSizeAndShowTheMiddle) {
  const Bytes images(2, {96, 120, 3});
  const Choice sized{"crops", {{"size", std::int64_t{64}}}};
  const ViewPlan plan = plan_views(sized, images.image_shape());
  EXPECT_EQ(plan.image, Shape({64, 64, 3}));
  EXPECT_EQ(plan.views, 2);
  EXPECT_FALSE(plan.grid.is_cut());
  EXPECT_FALSE(plan.keeps(images.image_shape()));
  EXPECT_TRUE(plan_views({"crops", {}}, images.image_shape()).keeps(images.image_shape()));
  const std::vector<double> shown = Kind(sized, images).show({1});
  // 96 pixels become 64: output pixel 1 lies at 1.5 * 1.5 - 0.5 = 1.75, 12 columns from the left of the middle.
  const auto at = [&](std::int64_t y, std::int64_t x) {
    return images.pixels().data<std::uint8_t>()[((96 + y) * 120 + 12 + x) * 3] / 255.0;
  };
  const double expected = 0.25 * (0.25 * at(1, 1) + 0.75 * at(1, 2)) + 0.75 * (0.25 * at(2, 1) + 0.75 * at(2, 2));
  EXPECT_NEAR(shown.at((1 * 64 + 1) * 3), expected, 1e-6);
}

TEST(CropViews, WithoutChanceAreTheImage) {
  const Bytes images(2, {20, 20, 5});
  const Choice still{
      "crops",
      {{"min_area", 1.0}, {"min_aspect", 1.0}, {"max_aspect", 1.0}, {"mirror", 0.0}, {"jitter", 0.0}, {"grey", 0.0}}};
  const std::vector<double> made = Kind(still, images).make(4, 1, {1});
  for (std::size_t i = 0; i < made.size(); ++i) {
    ASSERT_NEAR(made[i], images.pixels().data<std::uint8_t>()[2000 + i] / 255.0, 1e-6);
  }
  EXPECT_EQ(made, Kind(still, images).show({1}));
}

TEST(CropViews, RefuseColoursWhereThereAreNone) {
  for (const std::int64_t channels : {1, 5}) {
    const Bytes images(2, {20, 20, channels});
    const auto complaint = message_of<std::invalid_argument>([&] { Kind({"crops", {}}, images); });
    EXPECT_THAT(complaint, AllOf(HasSubstr("views.jitter = 0"), HasSubstr("views.grey = 0")));
    EXPECT_THROW(Kind({"crops", {{"jitter", 0.0}}}, images), std::invalid_argument);
    EXPECT_NO_THROW(Kind({"crops", {{"jitter", 0.0}, {"grey", 0.0}}}, images).make(0, 0, {1}));
  }
}

TEST(CropViews, RefuseImpossibleOptions) {
  const Bytes images(2, {20, 20, 3});
  const double infinite = std::numeric_limits<double>::infinity();
  const std::vector<std::pair<const char*, std::vector<Value>>> impossible{
      {"size", {std::int64_t{-1}, std::int64_t{5000}, 1.5}},
      {"min_area", {0.0, -0.1, 1.1, std::nan(""), infinite}},
      {"max_area", {0.01, 1.1, std::nan("")}},
      {"min_aspect", {0.0, -1.0, 2.0, std::nan("")}},
      {"max_aspect", {0.5, 1e6, std::nan(""), infinite}},
      {"mirror", {-0.1, 1.1, std::nan("")}},
      {"jitter", {-0.1, 1.1}},
      {"brightness", {-0.1, 101.0, infinite}},
      {"contrast", {-0.1, 101.0}},
      {"saturation", {-0.1, 101.0}},
      {"hue", {-0.1, 0.6, std::nan("")}},
      {"grey", {-0.1, 1.1, std::string("yes")}}};
  for (const auto& [key, values] : impossible) {
    for (const Value& value : values) {
      EXPECT_THROW(Kind({"crops", {{key, value}}}, images), std::invalid_argument) << key << " " << text_of(value);
    }
  }
  EXPECT_THAT(message_of<std::invalid_argument>([&] { Kind({"crops", {{"huee", 0.1}}}, images); }), HasSubstr("'hue'"));
}

TEST(PatchViews, AreAGridOfPatchesOfOneView) {
  const ViewPlan plan = plan_views({"patches", {}}, {96, 96, 3});
  EXPECT_EQ(plan.image, Shape({16, 16, 1}));
  EXPECT_EQ(plan.views, 1);
  EXPECT_EQ(plan.grid.rows, 7);
  EXPECT_EQ(plan.grid.columns, 7);
  EXPECT_EQ(plan.rows(10), 490);
  EXPECT_DOUBLE_EQ(plan.mean, 0.4120);
  EXPECT_DOUBLE_EQ(plan.deviation, 0.2570);
}

TEST(PatchViews, ShowTheMiddle) {
  const Bytes images(2, {96, 80, 1});
  const std::vector<double> shown = Kind({"patches", {}}, images).show({1});
  ASSERT_EQ(shown.size(), 49U * 256);
  for (const std::int64_t patch : {0, 10, 48}) {
    const std::int64_t y = 16 + patch / 7 * 8 + 5;
    const std::int64_t x = 8 + patch % 7 * 8 + 9;
    const double value = images.pixels().data<std::uint8_t>()[(96 + y) * 80 + x] / 255.0;
    EXPECT_NEAR(shown[static_cast<std::size_t>(patch * 256 + 5 * 16 + 9)], (value - 0.4120) / 0.2570, 1e-5) << patch;
  }
}

TEST(PatchViews, RefuseWhatIsImpossible) {
  const Bytes images(2, {70, 70, 3});
  const Bytes small(2, {32, 32, 3});
  const Bytes two(2, {70, 70, 2});
  EXPECT_THAT(message_of<std::invalid_argument>([&] {
                Kind({"patches", {}}, small);
              }),
              AllOf(HasSubstr("32x32"), HasSubstr("views.crop = 64")));
  EXPECT_THAT(message_of<std::invalid_argument>([&] { Kind({"patches", {}}, two); }), HasSubstr("2 channels"));
  const std::vector<std::pair<const char*, std::vector<Value>>> impossible{
      {"crop", {std::int64_t{0}, std::int64_t{15}, std::int64_t{71}, std::int64_t{-64}}},
      {"patch", {std::int64_t{0}, std::int64_t{64}, std::int64_t{65}}},
      {"stride", {std::int64_t{0}, std::int64_t{49}, std::int64_t{-8}, std::numeric_limits<std::int64_t>::max()}},
      {"mirror", {-0.1, 1.1, std::nan("")}},
      {"mean", {std::nan(""), 1e9}},
      {"std", {0.0, -1.0, 1e-9, std::nan("")}}};
  for (const auto& [key, values] : impossible) {
    for (const Value& value : values) {
      EXPECT_THROW(Kind({"patches", {{key, value}}}, images), std::invalid_argument) << key << " " << text_of(value);
    }
  }
}

}  // namespace
}  // namespace biossl
