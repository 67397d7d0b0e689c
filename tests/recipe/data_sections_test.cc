// [data] and [data.NAME]: any data set to any data set.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "biossl/core/atomic_file.h"
#include "biossl/evaluation/features.h"
#include "biossl/recipe/data_sets.h"
#include "biossl/recipe/toml_document.h"
#include "biossl/training/probing.h"
#include "tests/support/data_files.h"
#include "tests/support/message_of.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tensors.h"
#include "tests/support/tiny.h"

namespace biossl {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::message_of;
using testing::noise;
using testing::npy_bytes;
using testing::raw;
using testing::tiny_recipe;

constexpr const char* two_sets =
    "[data]\npretrain = \"large\"\nprobe = \"small\"\nresize = 8\nmean = 0.25\n"
    "[data.large]\nkind = \"array\"\npath = \"large.npy\"\ncrop = 0.5\n"
    "[data.small]\nkind = \"array\"\npath = \"small.npy\"\nmean = 0.5\nstd = 0.125\n";

TEST(DataSections, ASetOfTheRecipesOwnNameHasItsKindImagesAndSettings) {
  const Recipe recipe = parse_recipe(two_sets, "two");
  const DataSetRecipe large = data_set(recipe, "large");
  EXPECT_EQ(large.kind, "array");
  EXPECT_EQ(std::get<std::string>(large.settings.at("path")), "large.npy");
  EXPECT_EQ(large.images.resize, 8);
  EXPECT_EQ(large.images.crop, 0.5);
  EXPECT_EQ(large.images.mean, 0.25) << "as [data] says";
  EXPECT_EQ(data_set(recipe, "small").images.std, 0.125);
  EXPECT_EQ(data_set(recipe, "small").images.crop, 1);
  EXPECT_EQ(image_shape(recipe), Shape({8, 8, 3}));
  EXPECT_EQ(to_toml(parse_recipe(to_toml(recipe), "again")), to_toml(recipe));
  EXPECT_TRUE(recipe.notes.empty());
}

TEST(DataSections, ASetOfAKindsNameMayHaveImagesOfItsOwnToo) {
  const Recipe recipe = parse_recipe("[data]\npretrain = \"cifar100\"\n[data.cifar10]\nresize = 32\nstd = 0.5\n", "a");
  EXPECT_EQ(data_set(recipe, "cifar10").images.std, 0.5);
  EXPECT_EQ(data_set(recipe, "cifar100").images.std, 1);
  EXPECT_THAT(to_toml(recipe), AllOf(HasSubstr("[data.cifar10]\nresize = 32"), HasSubstr("std = 0.5")));
  EXPECT_EQ(to_toml(recipe).find("[data.cifar100]"), std::string::npos);
}

TEST(DataSections, SectionsThatNothingUsesAreTold) {
  const Recipe recipe = parse_recipe("[data.birds]\nkind = \"array\"\n[data]\ncrop = 0.5\n", "a");
  EXPECT_THAT(recipe.notes, ::testing::Contains(HasSubstr("[data.birds] changes nothing")));
  EXPECT_THAT(recipe.notes, ::testing::Contains(HasSubstr("data.crop = 0.5 changes nothing")));
}

TEST(DataSections, ASetOfAnyNameIsReadAgain) {
  for (const std::string name : {"my set", "\xC3\xA4", "c#d", "a]b", "quo\"te", "it's", "li\nne", "a.b", "[x]", " "}) {
    const std::string quoted = to_toml(Value(name));
    const std::string text = fmt::format(
        "[data]\npretrain = {0}\nprobe = {0}\n[data.{0}]\nkind = \"rhm\"\nlevels = 2\nmean = 0.5\n", quoted);
    const std::string written = to_toml(parse_recipe(text, "first"));
    const Recipe again = parse_recipe(written, "again");
    EXPECT_EQ(data_set(again, name).kind, "rhm") << name;
    EXPECT_EQ(data_set(again, name).images.mean, 0.5) << name;
    EXPECT_EQ(to_toml(again), written);
    EXPECT_EQ(
        std::get<std::int64_t>(
            data_set(parse_recipe(written, "a", {{"data." + name + ".levels", "3"}}), name).settings.at("levels")),
        3);
  }
}

TEST(DataSections, SayWhatIsWrong) {
  const auto fault = [](const std::string& text) { return message_of<BadInput>([&] { parse_recipe(text, "a"); }); };
  EXPECT_THAT(fault("[data.birds]\npath = \"x\"\n"), AllOf(HasSubstr("a:1"), HasSubstr("with a kind in it")));
  EXPECT_THAT(fault("[data.birds]\nkind = \"aray\"\n"), HasSubstr("did you mean 'array'"));
  EXPECT_THAT(fault("[data.birds]\nkind = \"array\"\npfad = \"x\"\n"), AllOf(HasSubstr("a:3"), HasSubstr("'pfad'")));
  EXPECT_THAT(fault("[data.birds]\nkind = \"array\"\ncrop = 0\n"), AllOf(HasSubstr("a:3"), HasSubstr("above 0")));
  EXPECT_THAT(fault("[data.world]\nresize = 8\n"), HasSubstr("world makes its own images"));
  EXPECT_THAT(fault("[data]\nprobe = \"birds\"\n"), HasSubstr("there is no data set 'birds'"));
}

class TwoSets : public ::testing::Test {
 protected:
  /// Images of two arrays: 24 of 16x16 without labels, 12 of 8x8 with three classes.
  void SetUp() override {
    write(24, 16, "large.npy");
    write(12, 8, "small.npy");
    std::vector<std::int32_t> labels;
    for (int i = 0; i < 12; ++i) labels.push_back(i % 3);
    write_file(folder_.path() / "small_labels.npy", npy_bytes("<i4", "(12,)", raw(labels)));
  }
  void write(int count, int side, const char* name) const {
    write_file(folder_.path() / name, npy_bytes("|u1", fmt::format("({0}, {1}, {1}, 3)", count, side),
                                                noise(static_cast<std::size_t>(count * side * side * 3))));
  }

  testing::TemporaryFolder folder_;
  ExecutionContext place_{.data = folder_.path()};
};

TEST_F(TwoSets, EachIsOpenedAsItsSectionSays) {
  const Recipe recipe = parse_recipe(two_sets, "two", {{"data.test_share", "0.25"}});
  EXPECT_EQ(open_pretraining_images(recipe, place_)->size(), 24);
  EXPECT_EQ(open_probe_images(recipe, place_, ProbePart::train)->size(), 9);
  EXPECT_EQ(open_probe_images(recipe, place_, ProbePart::test)->size(), 3);
  EXPECT_NO_THROW(require_images(recipe, place_));
}

TEST_F(TwoSets, TheMiddleIsCutOutBeforeItIsScaled) {
  const Recipe recipe = parse_recipe(two_sets, "two");
  const Recipe whole = parse_recipe(two_sets, "two", {{"data.large.resize", "0"}});
  const auto cut = open_pretraining_images(recipe, place_);
  const auto all = open_pretraining_images(whole, place_);
  const auto* pixels = cut->pixels().data<const std::uint8_t>();
  const auto* of_all = all->pixels().data<const std::uint8_t>();
  for (std::int64_t y = 0; y < 8; ++y) {
    for (std::int64_t x = 0; x < 24; ++x) {  // the middle 8x8 of 16x16, not scaled
      ASSERT_EQ(pixels[y * 24 + x], of_all[(y + 4) * 48 + 12 + x]) << y << " " << x;
    }
  }
}

TEST_F(TwoSets, ImagesOfTheProbeEnterTheNetworkByTheirOwnMeanAndDeviation) {
  Recipe recipe = parse_recipe(two_sets, "two");
  const auto features = [&](const Recipe& of) {
    const auto images = open_probe_images(recipe, place_, ProbePart::train);
    const auto network = make_network(of, images->image_shape(), Device::cpu);
    return testing::values_of(extract_features(*network, {0}, *images, {})[0].values.in_memory());
  };
  const std::vector<double> ours = features(with_input_of("small", recipe));
  recipe.data_sets["large"].images.mean = 0.5;
  recipe.data_sets["large"].images.std = 0.125;
  EXPECT_EQ(ours, features(recipe));
  recipe.data_sets["large"].images.mean = 0.25;
  EXPECT_NE(ours, features(recipe));
}

}  // namespace
}  // namespace biossl
