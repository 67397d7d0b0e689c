#include "biossl/data/subset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "biossl/data/capability.h"
#include "biossl/data/moments.h"

namespace biossl {
namespace {

using ::testing::ElementsAre;

/// Images of one pixel, image i has the value i; class sizes as given, the classes one after another.
class Numbered final : public Dataset, public MomentSource {
 public:
  explicit Numbered(const std::vector<int>& class_sizes, bool resident = true) : resident_(resident) {
    for (std::size_t label = 0; label < class_sizes.size(); ++label) {
      labels_.insert(labels_.end(), static_cast<std::size_t>(class_sizes[label]), static_cast<std::int32_t>(label));
      class_names_.push_back(std::to_string(label));
    }
    take(static_cast<std::int64_t>(labels_.size()));
  }
  explicit Numbered(std::int64_t unlabelled) { take(unlabelled); }

  bool is_resident() const override { return resident_; }
  const Tensor& pixels() const override { return pixels_; }
  void fetch(std::span<const std::int32_t> rows, std::uint8_t* to) const override {
    check_rows(rows);
    for (const std::int32_t row : rows) *to++ = static_cast<std::uint8_t>(row);
  }
  void render_moment(std::int64_t image, Random /*random*/, std::uint8_t* to) const override {
    *to = static_cast<std::uint8_t>(100 + image);
  }
  Targets targets() const override {
    Targets targets{.names = {"number", "its square"}};
    for (std::int64_t i = 0; i < size(); ++i) {
      targets.values.push_back(static_cast<float>(i));
      targets.values.push_back(static_cast<float>(i * i));
    }
    return targets;
  }

 private:
  void take(std::int64_t images) {
    size_ = images;
    image_shape_ = {1, 1, 1};
    pixels_ = Tensor({images, 1, 1, 1}, DType::uint8, Device::cpu);
    std::iota(pixels_.data<std::uint8_t>(), pixels_.data<std::uint8_t>() + images, std::uint8_t{0});
  }

  bool resident_ = true;
  Tensor pixels_;
};

std::vector<std::int64_t> counts(const Dataset& images, const std::vector<std::int32_t>& rows) {
  std::vector<std::int64_t> counts(images.class_names().size(), 0);
  for (const std::int32_t row : rows) {
    ++counts[static_cast<std::size_t>(images.labels()[static_cast<std::size_t>(row)])];
  }
  return counts;
}

TEST(DrawShare, TakesAShareOfEveryClassAndNoImageTwice) {
  const Numbered images({50, 20, 1, 2, 0});
  const RowShares shares = draw_share(images, 0.2, 7, "test");
  EXPECT_THAT(counts(images, shares.taken), ElementsAre(10, 4, 0, 1, 0));
  EXPECT_THAT(counts(images, shares.rest), ElementsAre(40, 16, 1, 1, 0));
  std::vector<std::int32_t> all = shares.taken;
  all.insert(all.end(), shares.rest.begin(), shares.rest.end());
  std::ranges::sort(all);
  std::vector<std::int32_t> expected(73);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(all, expected);
  EXPECT_TRUE(std::ranges::is_sorted(shares.taken) && std::ranges::is_sorted(shares.rest));
}

TEST(DrawShare, DependsOnSeedAndPurpose) {
  const Numbered images({100, 100});
  const RowShares one = draw_share(images, 0.5, 7, "test");
  EXPECT_EQ(one.taken, draw_share(images, 0.5, 7, "test").taken);
  EXPECT_NE(one.taken, draw_share(images, 0.5, 8, "test").taken);
  EXPECT_NE(one.taken, draw_share(images, 0.5, 7, "validation").taken);
}

TEST(DrawShare, LeavesAnImageOfEveryClassHoweverLargeTheShareIs) {
  const Numbered images({100, 3});
  EXPECT_THAT(counts(images, draw_share(images, 0.999, 1, "labels").rest), ElementsAre(1, 1));
  EXPECT_THAT(counts(images, draw_share(images, 0.99, 1, "labels").rest), ElementsAre(1, 1));
  EXPECT_THROW(draw_share(images, 1.5, 1, "labels"), std::invalid_argument);
}

TEST(DrawShare, ImagesWithoutLabelsAreOneClass) {
  const Numbered images(10);
  EXPECT_EQ(draw_share(images, 0.3, 1, "test").taken.size(), 3U);
}

TEST(Subset, HasTheImagesLabelsAndMomentsOfItsRows) {
  for (const bool resident : {true, false}) {
    const auto subset = make_subset(std::make_unique<Numbered>(std::vector<int>{2, 3}, resident), {4, 0, 2});
    EXPECT_EQ(subset->size(), 3);
    EXPECT_EQ(subset->is_resident(), resident);
    EXPECT_THAT(subset->labels(), ElementsAre(1, 0, 1));
    EXPECT_EQ(subset->class_names().size(), 2U);
    std::vector<std::uint8_t> bytes(2);
    subset->fetch(std::vector<std::int32_t>{2, 0}, bytes.data());
    EXPECT_THAT(bytes, ElementsAre(2, 4));
    const Capability<MomentSource> moments(*subset);
    ASSERT_TRUE(moments.exists());
    EXPECT_FALSE(Capability<SequenceSource>(*subset).exists());
    moments->render_moment(moments.row(1), Random(1, Purpose::sample), bytes.data());
    EXPECT_EQ(bytes[0], 100);
    EXPECT_THROW(subset->fetch(std::vector<std::int32_t>{3}, bytes.data()), std::invalid_argument);
    if (resident) {
      EXPECT_THAT(subset->pixels().span<const std::uint8_t>(), ElementsAre(4, 0, 2));
    }
  }
  EXPECT_THROW(make_subset(std::make_unique<Numbered>(3), {3}), std::invalid_argument);
}

TEST(Subset, OfASubsetHasTheMomentsOfItsRows) {
  const auto half = make_subset(make_subset(std::make_unique<Numbered>(9), {8, 6, 4, 2}), {3, 1});
  const Capability<MomentSource> moments(*half);
  ASSERT_TRUE(moments.exists());
  EXPECT_EQ(moments.row(0), 2);
  EXPECT_EQ(moments.row(1), 6);
}

TEST(Subset, HandsTargetsOn) {
  const auto some = make_subset(std::make_unique<Numbered>(9), {7, 2});
  const Targets targets = some->targets();
  EXPECT_THAT(targets.names, ElementsAre("number", "its square"));
  EXPECT_THAT(targets.values, ElementsAre(7, 49, 2, 4));
}

}  // namespace
}  // namespace biossl
