#include "biossl/data/views.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "biossl/data/capability.h"
#include "biossl/data/moments.h"
#include "tests/support/devices.h"
#include "tests/support/message_of.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using ::testing::AllOf;
using testing::compared_devices;
using ::testing::HasSubstr;
using testing::indices_of;
using testing::message_of;

/// A few grey ramps without moments.
class Ramps final : public Dataset {
 public:
  explicit Ramps(std::int64_t images, std::int64_t channels = 3)
      : pixels_({images, 8, 8, channels}, DType::uint8, Device::cpu) {
    size_ = images;
    image_shape_ = {8, 8, channels};
    labels_.resize(static_cast<std::size_t>(images));
    class_names_ = {"ramp"};
    std::uint8_t value = 0;
    for (std::uint8_t& byte : pixels_.span<std::uint8_t>()) byte = value = static_cast<std::uint8_t>(value + 37);
  }
  const Tensor& pixels() const override { return pixels_; }

 private:
  Tensor pixels_;
};

std::vector<float> make(Views& views, const Dataset& dataset, std::uint32_t epoch, std::uint32_t view,
                        const std::vector<std::int32_t>& images, Device device = Device::reference) {
  Tensor dst(batch_of(static_cast<std::int64_t>(images.size()), dataset.image_shape()), DType::float32, device);
  views.make(epoch, view, indices_of(images, device), dst);
  const Tensor made = on_device(dst, Device::reference);
  return {made.span<float>().begin(), made.span<float>().end()};
}

class EveryKindOfViews : public ::testing::TestWithParam<const char*> {
 protected:
  std::unique_ptr<Views> views(std::uint64_t seed = 1, Device device = Device::reference) const {
    return ViewsRegistry::instance().make(GetParam(), {}, {*dataset_, seed, 6, device});
  }

  std::unique_ptr<Dataset> dataset_ = open_dataset("world", {Split::train, "", 12, 16, 1});
};

TEST_P(EveryKindOfViews, DoNotDependOnTheBatch) {
  const auto kind = views();
  const std::vector<float> together = make(*kind, *dataset_, 3, 1, {4, 11, 0, 4, 7, 2});
  const auto size = static_cast<std::size_t>(dataset_->image_shape().size());
  const std::vector<float> again = make(*kind, *dataset_, 3, 1, {4, 11, 0, 4, 7, 2});
  EXPECT_EQ(together, again);
  const std::vector<float> alone = make(*views(), *dataset_, 3, 1, {7});
  ASSERT_EQ(alone.size(), size);
  EXPECT_TRUE(std::equal(alone.begin(), alone.end(), together.begin() + static_cast<std::ptrdiff_t>(4 * size)));
  for (const float value : together) {
    ASSERT_GE(value, 0.0F);
    ASSERT_LE(value, 1.0F);
  }
}

TEST_P(EveryKindOfViews, AreTheSameOnEveryDevice) {
  const std::vector<std::int32_t> images{11, 3, 8};
  const std::vector<float> expected = make(*views(), *dataset_, 2, 1, images);
  for (const Device device : compared_devices()) {
    if (!makes_views(device, GetParam())) continue;
    const std::vector<float> made = make(*views(1, device), *dataset_, 2, 1, images, device);
    ASSERT_EQ(made.size(), expected.size());
    for (std::size_t i = 0; i < made.size(); ++i) ASSERT_NEAR(made[i], expected[i], 2e-4) << name_of(device);
  }
}

TEST_P(EveryKindOfViews, RefuseTooLargeABatch) {
  const auto kind = views();
  EXPECT_THROW(make(*kind, *dataset_, 0, 0, {0, 1, 2, 3, 4, 5, 6}), std::invalid_argument);
}

TEST_P(EveryKindOfViews, DifferByEpochViewAndSeedUnlessTheyAreTheImage) {
  const auto kind = views();
  const std::vector<std::int32_t> images{0, 1, 2, 3, 4, 5};
  const std::vector<float> base = make(*kind, *dataset_, 0, 0, images);
  const bool same = GetParam() == std::string("identity");
  EXPECT_EQ(base == make(*kind, *dataset_, 0, 1, images), same);
  EXPECT_EQ(base == make(*kind, *dataset_, 1, 0, images), same);
  EXPECT_EQ(base == make(*views(2), *dataset_, 0, 0, images), same);
}

INSTANTIATE_TEST_SUITE_P(Views, EveryKindOfViews, ::testing::Values("crops", "deform", "moments", "identity"));

TEST(IdentityViews, AreTheImageInUnitRange) {
  const Ramps ramps(3);
  const auto views = ViewsRegistry::instance().make("identity", {}, {ramps, 1, 4, Device::reference});
  const std::vector<float> made = make(*views, ramps, 0, 0, {2});
  for (std::size_t i = 0; i < made.size(); ++i) {
    EXPECT_FLOAT_EQ(made[i], static_cast<float>(ramps.pixels().data<std::uint8_t>()[2 * 192 + i]) / 255.0F);
  }
}

TEST(DeformViews, DeformEachChannelOfImagesWithoutColoursAsAGreyImage) {
  const Ramps grey(4, 1);
  const Ramps many(4, 5);
  for (const Device device : {Device::reference, Device::cpu}) {
    const auto one = ViewsRegistry::instance().make("deform", {}, {grey, 1, 4, device});
    const auto five = ViewsRegistry::instance().make("deform", {}, {many, 1, 4, device});
    const std::vector<float> of_one = make(*one, grey, 2, 1, {3, 0, 1}, device);
    const std::vector<float> of_five = make(*five, many, 2, 1, {3, 0, 1}, device);
    EXPECT_EQ(of_one.size(), 3U * 64);
    EXPECT_EQ(of_five.size(), 3U * 64 * 5);
    for (const float value : of_five) ASSERT_TRUE(value >= 0 && value <= 1) << value;
    EXPECT_NE(of_one, make(*one, grey, 2, 0, {3, 0, 1}, device));
  }
  const auto still = ViewsRegistry::instance().make("deform", {{"affine", 0.0}}, {many, 1, 4, Device::cpu});
  const std::vector<float> unmoved = make(*still, many, 0, 0, {2}, Device::cpu);
  for (std::size_t i = 0; i < unmoved.size(); ++i) {
    EXPECT_NEAR(unmoved[i], static_cast<float>(many.pixels().data<std::uint8_t>()[2 * 320 + i]) / 255.0F, 1e-5);
  }
}

TEST(MomentViews, ShowTheMomentThatTheirKeyDraws) {
  const auto world = open_dataset("world", {Split::train, "", 5, 16, 9});
  const auto views = ViewsRegistry::instance().make("moments", {}, {*world, 21, 2, Device::reference});
  std::vector<std::uint8_t> moment(16 * 16 * 3);
  Capability<MomentSource>(*world)->render_moment(3, Random(21, Purpose::world, 6, 3, 2), moment.data());
  const std::vector<float> made = make(*views, *world, 6, 1, {3});
  for (std::size_t i = 0; i < made.size(); ++i) EXPECT_FLOAT_EQ(made[i], static_cast<float>(moment[i]) / 255.0F);
}

TEST(MomentViews, RefuseStillImages) {
  const Ramps ramps(3);
  const auto complaint = message_of<std::invalid_argument>([&] {
    ViewsRegistry::instance().make("moments", {}, {ramps, 1, 4, Device::reference});
  });
  EXPECT_THAT(complaint, AllOf(HasSubstr("still images"), HasSubstr("deform")));
}

TEST(DeformViews, RefuseWhatTheyCannotDo) {
  const Ramps ramps(3);
  const ViewSource source{ramps, 1, 4, Device::reference};
  for (const char* key : {"perturb", "saturation", "hue"}) {
    for (const double impossible : {std::numeric_limits<double>::infinity(), std::nan(""), 1e30}) {
      EXPECT_THROW(ViewsRegistry::instance().make("deform", {{key, impossible}}, source), std::invalid_argument) << key;
    }
  }
  EXPECT_THROW(ViewsRegistry::instance().make("deform", {{"hue", -0.1}}, source), std::invalid_argument);
  for (const double impossible : {-0.1, 1.1, std::nan("")}) {
    EXPECT_THROW(ViewsRegistry::instance().make("deform", {{"affine", impossible}}, source), std::invalid_argument);
  }
  const auto complaint = message_of<std::invalid_argument>([&] {
    ViewsRegistry::instance().make("deform", {{"hues", 0.1}}, source);
  });
  EXPECT_THAT(complaint, HasSubstr("'hue'"));
}

}  // namespace
}  // namespace biossl
