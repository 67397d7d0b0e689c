// probe.augment: a linear probe whose images are cut anew in every epoch.
#include "biossl/evaluation/augmented_probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "biossl/core/file.h"
#include "biossl/core/parallel.h"
#include "biossl/training/experiment.h"
#include "tests/support/message_of.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tensors.h"
#include "tests/support/tiny.h"

namespace biossl {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::here;
using testing::message_of;
using testing::TemporaryFolder;
using testing::tiny_recipe;

/// Images of 24x24, of which the network sees 16x16 or patches of a square of 16; nothing learns but the probes.
Recipe recipe_of(const std::string& views, const std::vector<Override>& overrides = {}) {
  const std::string text = R"(seed = 3
[data]
pretrain = "world"
probe = "world"
images = 15
probe_images = 30
test_images = 20
image_size = 24
[views]
)" + views + R"(
[[network.blocks]]
channels = 5
activation = "hardtanh"
[[network.blocks]]
channels = 6
pool = 2
activation = "tanh"
[network.head]
features = 4
[rule]
kind = "none"
[train]
batch = 4
precision = "float32"
[probe]
epochs = 4
batch = 7
learning_rate = 1e-2
blocks = "all"
precision = "float32"
augment = true
)";
  return parse_recipe(text, "augmented.toml", overrides);
}

constexpr const char* crops = "kind = \"crops\"\nsize = 16";
constexpr const char* patches = "kind = \"patches\"\ncrop = 16\npatch = 8\nstride = 4";

std::unique_ptr<CroppedImages> cropped(const Recipe& recipe, ProbePart part) {
  auto images = open_probe_images(recipe, here, part);
  const CropSize crop = probe_crop(recipe, images->image_shape());
  return std::make_unique<CroppedImages>(std::move(images), crop);
}

struct Trained {
  std::vector<Features> train;  ///< as training has left them
  std::vector<ProbeResult> results;
  std::vector<std::pair<std::int64_t, std::int64_t>> progress;
};

Trained train(const Recipe& recipe, const FeatureStorage& kept = {}) {
  const auto images = cropped(recipe, ProbePart::train), tested = cropped(recipe, ProbePart::test);
  const auto network = make_network(recipe, view_plan(recipe, images->image_shape()).image, Device::cpu);
  const std::vector<int> blocks{0, 1};
  Trained trained{.train = make_features(*network, blocks, *images, kept), .results = {}, .progress = {}};
  const auto test = extract_features(*network, blocks, *tested, kept, {}, recipe.views);
  std::vector<ProbeFeatures> features;
  for (std::size_t i = 0; i < 2; ++i) features.push_back({.train = trained.train[i], .test = test[i]});
  FeatureReader reader(*network, blocks, *images, recipe.views);
  const ProbeOptions options{.epochs = recipe.probe.epochs,
                             .batch = recipe.probe.batch,
                             .learning_rate = recipe.probe.learning_rate,
                             .seed = recipe.seed};
  trained.results = train_augmented_probes(
      reader, *images, features, options,
      [&](std::int64_t done, std::int64_t total, std::string_view) { trained.progress.emplace_back(done, total); });
  return trained;
}

/// By hand: in every epoch the features of the images that a data set of whole crops holds.
TEST(AugmentedProbe, LearnsFromNewCropsInEveryEpoch) {
  for (const char* views : {crops, patches}) {
    SCOPED_TRACE(views);
    const Recipe recipe = recipe_of(views);
    const Trained trained = train(recipe);
    const auto images = cropped(recipe, ProbePart::train), tested = cropped(recipe, ProbePart::test);
    const auto network = make_network(recipe, view_plan(recipe, images->image_shape()).image, Device::cpu);
    const auto read = [&](const Dataset& of) { return extract_features(*network, {1}, of, {}, {}, recipe.views)[0]; };
    Features table = read(*images);
    const std::vector<double> middle = testing::values_of(table.values.in_memory());
    LinearProbe probe({.train = table, .test = read(*tested)},
                      {.batch = 7, .learning_rate = 1e-2, .classes = 10, .seed = recipe.seed});
    std::set<std::vector<double>> seen{middle};
    for (std::uint32_t epoch = 0; epoch < 4; ++epoch) {
      images->draw(recipe.seed, epoch);
      table.values.write(0, read(*images).values.in_memory());
      seen.insert(testing::values_of(table.values.in_memory()));
      probe.train_epoch();
    }
    EXPECT_EQ(seen.size(), 5U) << "no two epochs alike";
    images->show_middle();
    table.values.write(0, read(*images).values.in_memory());
    const ProbeResult expected = probe.test();
    EXPECT_EQ(trained.results[1].final_loss, expected.final_loss);
    EXPECT_EQ(trained.results[1].confusion, expected.confusion);
    EXPECT_EQ(trained.results[1].train_accuracy, expected.train_accuracy);
    EXPECT_EQ(testing::values_of(trained.train[1].values.in_memory()), middle);
    EXPECT_EQ(trained.progress.back(), (std::pair<std::int64_t, std::int64_t>(150, 150))) << "5 passes over 30 images";
  }
}

TEST(AugmentedProbe, IsTheSameForEveryNumberOfThreadsAndInAFile) {
  const Recipe recipe = recipe_of(crops, {{"probe.padding", "2"}});
  const int before = threads();
  const TemporaryFolder folder;
  set_threads(1);
  const Trained one = train(recipe);
  set_threads(3);
  const Trained three = train(recipe);
  set_threads(before);
  const Trained in_file = train(recipe, {.folder = folder.path()});
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(one.results[i].final_loss, three.results[i].final_loss);
    EXPECT_EQ(one.results[i].confusion, three.results[i].confusion);
    EXPECT_EQ(one.results[i].final_loss, in_file.results[i].final_loss);
    EXPECT_EQ(one.results[i].train_accuracy, in_file.results[i].train_accuracy);
  }
}

TEST(AugmentedProbe, OfARunReadsMiddlesBesideIt) {
  const TemporaryFolder folder;
  Reporter quiet;
  const std::vector<Override> others{{"probe.knn", "3"}, {"probe.targets", "true"}, {"probe.pixels", "true"}};
  for (const char* views : {crops, patches}) {
    SCOPED_TRACE(views);
    const Recipe recipe = recipe_of(views, others);
    const auto out = folder.path() / (views == crops ? "crops" : "patches");
    const ProbeReport report = run_experiment(recipe, here, out, false, quiet);
    const Trained alone = train(recipe);
    for (std::size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(report.trained.at(i).result.confusion, alone.results[i].confusion);
      EXPECT_EQ(report.random->at(i).result.final_loss, alone.results[i].final_loss) << "nothing has learnt";
      EXPECT_TRUE(report.trained.at(i).knn && !report.trained.at(i).targets.empty());
    }
    EXPECT_EQ(report.pixels->features, 16 * 16 * 3);
    EXPECT_EQ(nlohmann::json::parse(read_file(out / "probe.json"))["augment"], true);
  }
  run_experiment(recipe_of(crops, {{"probe.augment", "false"}}), here, folder.path() / "plain", false, quiet);
  EXPECT_FALSE(nlohmann::json::parse(read_file(folder.path() / "plain" / "probe.json")).contains("augment"));
}

TEST(AugmentedProbe, ImagesOfTheNetworksSizeArePaddedOrOnlyMirrored) {
  const Recipe plain = tiny_recipe({{"probe.augment", "true"}});
  EXPECT_EQ(probe_crop(plain, {8, 8, 3}).height, 8);
  EXPECT_EQ(probe_crop(plain, {8, 8, 3}).padding, 0);
  const Recipe padded = tiny_recipe({{"probe.augment", "true"}, {"probe.padding", "4"}});
  EXPECT_EQ(probe_crop(padded, {8, 8, 3}).width, 8);
  EXPECT_EQ(probe_crop(padded, {8, 8, 3}).padding, 4);
  EXPECT_NE(train(plain).results[1].final_loss, train(padded).results[1].final_loss);
}

TEST(AugmentedProbe, IsRefusedBeforeTrainingWhereImagesAreTooSmall) {
  const Recipe recipe = recipe_of("kind = \"crops\"\nsize = 32");
  EXPECT_THAT(message_of<BadInput>([&] { require_images(recipe, here); }),
              AllOf(HasSubstr("probe.augment cuts 32x32 pixels out of images without scaling them, and those of world "
                              "are 24x24"),
                    HasSubstr("views.size")));
  EXPECT_THAT(message_of<std::exception>([] { tiny_recipe({{"probe.padding", "-1"}}); }), HasSubstr("between 0"));
  EXPECT_EQ(tiny_recipe({{"probe.padding", "4"}}).notes.at(0),
            "probe.padding = 4 changes nothing: probe.augment = false cuts no crops");
}

}  // namespace
}  // namespace biossl
