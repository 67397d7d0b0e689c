// The instruments of a run beside its linear probe: neighbours, health, targets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <vector>

#include "biossl/core/file.h"
#include "biossl/recipe/components.h"
#include "biossl/training/experiment.h"
#include "biossl/training/health_meter.h"
#include "biossl/training/health_warning.h"
#include "biossl/training/neighbours.h"
#include "biossl/training/pretraining.h"
#include "tests/support/message_of.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny.h"

namespace biossl {
namespace {

using ::testing::HasSubstr;
using testing::here;
using ::testing::Not;
using testing::StoppingReporter;
using testing::TemporaryFolder;
using testing::tiny_recipe;
using Json = nlohmann::json;

TEST(Knn, HasASectionOfItsOwnInTheResults) {
  const TemporaryFolder folder;
  StoppingReporter reporter;
  const Recipe recipe = tiny_recipe(
      {{"probe.knn", "3"}, {"probe.knn_temperature", "0.2"}, {"probe.blocks", "all"}, {"probe.pixels", "true"}});
  const ProbeReport report = run_experiment(recipe, here, folder.path() / "run", false, reporter);
  const Json summary = Json::parse(read_file(folder.path() / "run/summary.json"));
  const Json probe = Json::parse(read_file(folder.path() / "run/probe.json"));
  const Json& knn = summary["knn"];
  EXPECT_EQ(knn["neighbours"], 3);
  EXPECT_EQ(knn["temperature"], 0.2);
  EXPECT_EQ(knn["test_accuracy"], report.trained.back().knn->test_accuracy);
  EXPECT_EQ(knn["per_block"].size(), 2U);
  EXPECT_EQ(knn["random_encoder"]["per_block"].size(), 2U);
  EXPECT_EQ(knn["pixels"]["test_accuracy"], report.pixels->knn->test_accuracy);
  EXPECT_GE(report.pixels->knn->test_accuracy, 0.9) << "the classes differ in their colour";
  EXPECT_EQ(probe["trained"][1]["knn"]["test_accuracy"], knn["test_accuracy"]);
  EXPECT_EQ(probe["trained"][1]["test_accuracy"], report.trained.back().result.test_accuracy);
  EXPECT_EQ(reporter.notes.find("probe.knn"), std::string::npos) << reporter.notes;
}

TEST(Knn, MoreNeighboursThanImagesAreAllAndItIsSaid) {
  const TemporaryFolder folder;
  StoppingReporter reporter;
  const ProbeReport report =
      run_experiment(tiny_recipe({{"probe.knn", "200"}}), here, folder.path() / "run", false, reporter);
  EXPECT_EQ(report.trained.back().knn->neighbours, 22);
  EXPECT_THAT(reporter.notes, HasSubstr("probe.knn = 200 is more than the 22 training images"));
}

/// The neighbours of all test images, or of images of the set itself, among the tiny data set's.
std::vector<SheetRow> tiny_neighbours(bool of_one_set, std::int64_t queries, std::int64_t k) {
  Reporter quiet;
  const Recipe recipe = tiny_recipe();
  const auto network = make_network(recipe, {8, 8, 3}, Device::cpu);
  NeighbourImages images = open_neighbour_images(recipe, here, {8, 8, 3}, "tiny");
  if (of_one_set) images.queries = nullptr;
  return find_neighbours(*network, std::nullopt, images, queries, k, 1, quiet);
}

TEST(Neighbours, ImagesOfOneSetAreNotTheirOwn) {
  const std::vector<SheetRow> rows = tiny_neighbours(true, 10, 21);
  ASSERT_EQ(rows.size(), 10U);
  std::set<std::int64_t> shown;
  for (const SheetRow& row : rows) {
    shown.insert(row.image);
    EXPECT_EQ(row.beside.size(), 21U);
    EXPECT_EQ(std::ranges::count(row.beside, row.image), 0);
  }
  EXPECT_EQ(shown.size(), 10U) << "no image is shown twice";
}

TEST(Neighbours, OfFewImagesAllAreShownAndWhatDoesNotFitIsRefused) {
  EXPECT_EQ(tiny_neighbours(false, 100, 4).size(), 22U);
  EXPECT_EQ(tiny_neighbours(false, 3, 100).front().beside.size(), 22U);
  const Recipe recipe = tiny_recipe();
  EXPECT_THROW(open_neighbour_images(recipe, here, {9, 8, 3}, "tiny"), BadInput);
  const auto network = make_network(recipe, {8, 8, 3}, Device::cpu);
  const NeighbourImages images = open_neighbour_images(recipe, here, {8, 8, 3}, "tiny");
  EXPECT_EQ(open_neighbour_images(recipe, here, {8, 8, 3}, "tiny", 5).among->size(), 5);
  Reporter quiet;
  EXPECT_THROW(find_neighbours(*network, 2, images, 1, 1, 1, quiet), std::invalid_argument);
}

TEST(Targets, AreReadOffWhereTheDataSetHasThem) {
  const TemporaryFolder folder;
  Reporter quiet;
  const Recipe world = parse_recipe(
      "[data]\npretrain = \"world\"\nprobe = \"world\"\nimages = 20\nprobe_images = 40\ntest_images = 20\n"
      "image_size = 8\n[views]\nkind = \"moments\"\n[[network.blocks]]\nchannels = 4\npool = 2\n"
      "[train]\nepochs = 1\nbatch = 10\n[probe]\nepochs = 1\ntargets = true\npixels = true\nvalidation = 0.2\n",
      "world.toml");
  run_experiment(world, here, folder.path() / "run", false, quiet);
  const Json summary = Json::parse(read_file(folder.path() / "run/summary.json"));
  for (const char* of : {"trained_encoder", "random_encoder", "pixels"}) {
    EXPECT_EQ(summary["targets"][of].size(), 10U);
    EXPECT_TRUE(summary["targets"][of]["light_x"].is_number());
  }
  const Json probe = Json::parse(read_file(folder.path() / "run/probe.json"));
  EXPECT_EQ(probe["trained"][0]["targets"]["x"]["r_squared"], summary["targets"]["trained_encoder"]["x"]);

  const Recipe tiny = tiny_recipe({{"probe.targets", "true"}});
  EXPECT_THAT(testing::message_of<BadInput>([&] { require_images(tiny, here); }),
              HasSubstr("probe.targets reads continuous targets, and tiny has none"));
}

TEST(Health, IsKeptWithTheMetricsOfEveryEpoch) {
  const TemporaryFolder folder;
  Reporter quiet;
  const RunDirectory run = pretrain(tiny_recipe({{"rule.kind", "local"}}), here, folder.path() / "run", false, quiet);
  const std::vector<EpochMetrics> metrics = run.metrics();
  ASSERT_EQ(metrics.size(), 3U);
  for (const EpochMetrics& epoch : metrics) {
    ASSERT_EQ(epoch.health.size(), 2U) << "both blocks learn under heads of their own";
    EXPECT_EQ(epoch.health[0].block, 0);
    EXPECT_EQ(epoch.health[1].block, 1);
    for (const Health& health : epoch.health) {
      EXPECT_EQ(health.of, "embedding");
      EXPECT_EQ(health.images, std::min<std::int64_t>(22, health.dimensions));
      EXPECT_GT(health.effective_rank, 1);
      EXPECT_LE(health.effective_rank, static_cast<double>(health.dimensions));
      EXPECT_GT(health.negative_distance, health.positive_distance) << "views are nearly alike";
      EXPECT_GT(health.deviation, 0);
    }
    EXPECT_TRUE(epoch.health[0].saturated.has_value()) << "hardtanh";
  }
}

TEST(Health, GreedyRulesAreMeasuredAtTheBlockThatLearns) {
  const TemporaryFolder folder;
  Reporter quiet;
  const Recipe recipe = tiny_recipe({{"rule.kind", "gll"}, {"train.epochs", "1"}});
  const auto metrics = pretrain(recipe, here, folder.path() / "run", false, quiet).metrics();
  ASSERT_EQ(metrics.size(), 2U);
  for (int block = 0; block < 2; ++block) {
    const auto& health = metrics[static_cast<std::size_t>(block)].health;
    ASSERT_EQ(health.size(), 1U);
    EXPECT_EQ(health.front().block, block);
  }
}

/// The notes of a short run on the world.
std::string notes_of(const std::vector<Override>& overrides) {
  const TemporaryFolder folder;
  StoppingReporter reporter;
  const Recipe recipe = parse_recipe(
      "[data]\npretrain = \"world\"\nimages = 120\nimage_size = 16\n[views]\nkind = \"moments\"\n"
      "[[network.blocks]]\nchannels = 16\nactivation = \"hardtanh\"\n[[network.blocks]]\nchannels = 24\npool = 2\n"
      "[loss]\nkind = \"contrastive_hinge\"\n[train]\nepochs = 2\nbatch = 20\nlearning_rate = 1e-3\n",
      "collapse.toml", overrides);
  pretrain(recipe, here, folder.path() / "run", false, reporter);
  return reporter.notes;
}

TEST(Health, ACollapseIsToldOnceWithWhatToTry) {
  const std::string notes =
      notes_of({{"loss.weight", "0"}, {"loss.positive_threshold", "0"}, {"train.learning_rate", "0.3"}});
  EXPECT_THAT(notes, HasSubstr("epoch 1: the embedding of block 1 has collapsed"));
  EXPECT_THAT(notes, HasSubstr("try a lower train.learning_rate than 0.3"));
  EXPECT_EQ(notes.find("has collapsed"), notes.rfind("has collapsed")) << notes;
}

/// The notes of an epoch of the built-in job, smaller and without negatives.
std::string notes_without_negatives(const std::string& learning_rate) {
  const TemporaryFolder folder;
  StoppingReporter reporter;
  pretrain(demo_recipe({{"loss.weight", "0"},
                        {"train.learning_rate", learning_rate},
                        {"train.epochs", "1"},
                        {"train.precision", "float32"},
                        {"data.images", "400"},
                        {"data.image_size", "16"}}),
           here, folder.path() / "run", false, reporter);
  return reporter.notes;
}

TEST(Health, ALargeStepWithoutNegativesCollapsesWithinAnEpoch) {
  EXPECT_THAT(notes_without_negatives("0.1"), HasSubstr("epoch 1: the embedding of block 4 has collapsed"));
  EXPECT_THAT(notes_without_negatives("1e-3"), Not(HasSubstr("has collapsed"))) << "the step is small";
}

TEST(Health, ALossThatIsContentIsTold) {
  EXPECT_THAT(notes_of({{"loss.weight", "0"}, {"loss.positive_threshold", "100"}}),
              HasSubstr("epoch 1: nothing was learnt"));
}

TEST(Health, AHealthyRunIsToldNothing) {
  for (const char* rule : {"e2e", "gll", "local"}) {
    EXPECT_EQ(notes_of({{"rule.kind", rule}}).find("epoch "), std::string::npos) << rule;
  }
}

/// Views that write zeros and remember which images they were asked for.
class RememberingViews final : public Views {
 public:
  void make(std::uint32_t /*epoch*/, std::uint32_t /*view*/, const Tensor& rows, Tensor& dst) override {
    for (const std::int32_t row : rows.span<std::int32_t>()) asked.insert(row);
    dst.fill_zero();
  }
  std::span<const std::int32_t> images() const override { return chosen; }

  std::set<std::int64_t> asked;
  std::vector<std::int32_t> chosen;
};

// Frames of a clip and images of a class lie side by side in a data set, and are alike.
TEST(Health, IsMeasuredOnImagesFromTheWholeDataSet) {
  const Recipe recipe = tiny_recipe();
  const DryBuild built(recipe, {8, 8, 3});
  for (const std::int64_t first : {0, 1000}) {  // of the images that views are made of; 0: all
    RememberingViews views;
    for (std::int64_t image = first; first > 0 && image < 5000; ++image) {
      views.chosen.push_back(static_cast<std::int32_t>(image));
    }
    HealthMeter meter(*built.network, *built.rule, "rule", views, built.views, 5000, 4);
    meter.measure(0);
    EXPECT_EQ(views.asked.size(), 256U) << "no image is measured twice";
    const double even = static_cast<double>(5000 - first) / 256;
    std::int64_t before = first;
    for (const std::int64_t image : views.asked) {
      EXPECT_LT(static_cast<double>(image - before), 3 * even);
      before = image;
    }
    EXPECT_LT(static_cast<double>(5000 - before), 3 * even);
  }
}

}  // namespace
}  // namespace biossl
