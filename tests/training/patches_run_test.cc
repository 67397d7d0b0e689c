#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "biossl/core/processor.h"
#include "biossl/evaluation/features.h"
#include "biossl/losses/loss.h"
#include "biossl/ops/crops.h"
#include "biossl/recipe/recipe_difference.h"
#include "biossl/training/embed.h"
#include "biossl/training/experiment.h"
#include "biossl/training/health_meter.h"
#include "biossl/training/pretraining.h"
#include "biossl/training/trainer.h"
#include "tests/support/message_of.h"
#include "tests/support/npy.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tensors.h"
#include "tests/support/tiny.h"

// Runs whose views are cut or scaled: what is planned, what a step gets, what a probe sees.

namespace biossl {
namespace {

using ::testing::AllOf;
using testing::final_checkpoint;
using ::testing::HasSubstr;
using testing::here;
using testing::message_of;
using testing::StoppingReporter;
using testing::TemporaryFolder;

/// Half the squared length of every patch's embedding. It checks what it is handed.
class ShortPatches final : public Loss {
 public:
  static constexpr Traits traits{.compares_patches = true};

  ShortPatches(const NoOptions& /*options*/, const LossSetup& setup) : setup_(setup) {}

  void evaluate(const Tensor& embeddings, const StepContext& /*context*/, Tensor& errors, Tensor& totals) override {
    const std::int64_t rows = embeddings.extent(0);
    const std::int64_t of_image = setup_.views * setup_.grid.size();
    check(rows % of_image == 0 && rows <= setup_.batch * of_image && errors.shape() == embeddings.shape(), "short",
          "{} rows of images in {} patches", rows, of_image);
    copy(embeddings, errors);
    for (const float value : embeddings.span<const float>()) {
      totals.data<double>()[0] += static_cast<double>(value) * static_cast<double>(value) / 2;
    }
    totals.data<double>()[1] += static_cast<double>(rows) / static_cast<double>(of_image);
  }
  bool stops_gradient() const override { return false; }
  Plausibility plausibility() const override { return {}; }

 private:
  LossSetup setup_;
};

const Registration<LossRegistry, ShortPatches, NoOptions> short_patches("short_patches", "for tests");

/// 15 images of 24x24 in batches of 4 and 3; 3x3 patches of 8x8 of a square of 16.
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
[train]
epochs = 3
batch = 4
learning_rate = 1e-2
checkpoint_every = 1
precision = "float32"
[probe]
epochs = 2
batch = 7
precision = "float32"
)";
  return parse_recipe(text, "cut.toml", overrides);
}

const char* const patches = "kind = \"patches\"\ncrop = 16\npatch = 8\nstride = 4";
const char* const crops = "kind = \"crops\"\nsize = 16";

Recipe of_patches(std::vector<Override> overrides = {}, const std::string& loss = "short_patches") {
  overrides.push_back({"loss.kind", loss});
  return recipe_of(patches, overrides);
}

/// With as many steps as the three rows of the grid allow.
Recipe of_neighbours(const std::string& loss, std::vector<Override> overrides = {}) {
  overrides.push_back({"loss.steps", "1"});
  if (loss == "hinge_patches") overrides.push_back({"train.learning_rate", "1e-3"});
  return of_patches(overrides, loss);
}

TEST(PlannedViews, SayWhatTheNetworkSees) {
  const Recipe recipe = of_patches();
  const DryBuild built(recipe, image_shape(recipe));
  EXPECT_EQ(built.network->image(), Shape({8, 8, 1}));
  EXPECT_EQ(built.views.grid.size(), 9);
  const Recipe scaled = recipe_of(crops);
  EXPECT_EQ(DryBuild(scaled, image_shape(scaled)).network->image(), Shape({16, 16, 3}));
}

TEST(PlannedViews, RefuseLossesOfOtherViews) {
  const auto planned = [](const Recipe& recipe) {
    return message_of<BadInput>([&] { DryBuild(recipe, image_shape(recipe)); });
  };
  EXPECT_THAT(planned(recipe_of(patches)),
              AllOf(HasSubstr("loss contrastive_hinge compares whole images"), HasSubstr("3x3 patches"),
                    HasSubstr("(clapp_patches, hinge_patches, short_patches)")));
  EXPECT_THAT(planned(recipe_of(patches, {{"loss.kind", "clapp"}})), HasSubstr("loss clapp compares whole images"));
  for (const char* loss : {"short_patches", "clapp_patches", "hinge_patches"}) {
    EXPECT_THAT(planned(recipe_of(crops, {{"loss.kind", loss}})),
                AllOf(HasSubstr("compares patches"), HasSubstr("views.kind = \"patches\"")));
  }
  const Recipe untrained = recipe_of(patches, {{"rule.kind", "none"}});
  EXPECT_NO_THROW(DryBuild(untrained, image_shape(untrained)));
}

TEST(PlannedViews, RefuseWhatDoesNotFit) {
  const auto planned = [](const Recipe& recipe) {
    return message_of<BadInput>([&] { DryBuild(recipe, image_shape(recipe)); });
  };
  EXPECT_THAT(planned(of_patches({{"views.crop", "32"}})), HasSubstr("24x24, smaller than views.crop = 32"));
  EXPECT_THAT(planned(of_patches({{"data.mean", "0.5"}})), AllOf(HasSubstr("scale values"), HasSubstr("world")));
  EXPECT_THAT(planned(of_patches({{"train.micro_batch", "2"}})), HasSubstr("train.micro_batch at 0"));
  const Recipe whole = of_patches({{"train.micro_batch", "4"}});
  EXPECT_NO_THROW(DryBuild(whole, image_shape(whole)));
  const Recipe scaled = recipe_of(crops, {{"data.mean", "0.5"}});
  EXPECT_NO_THROW(DryBuild(scaled, image_shape(scaled)));
}

TEST(PlannedViews, RefuseStepsThatLeaveTheGrid) {
  const auto planned = [](const std::string& loss, const std::vector<Override>& overrides) {
    return message_of<BadInput>([&] {
      const Recipe recipe = of_patches(overrides, loss);
      DryBuild(recipe, image_shape(recipe));
    });
  };
  for (const char* loss : {"clapp_patches", "hinge_patches"}) {
    EXPECT_THAT(planned(loss, {{"loss.skip", "2"}}),
                AllOf(HasSubstr("recipe 'cut'"), HasSubstr("no patch 3 rows below"), HasSubstr("loss.skip")));
    EXPECT_THAT(planned(loss, {{"loss.skip", "0"}, {"loss.steps", "3"}}), HasSubstr("set loss.steps = 2"));
  }
  EXPECT_THAT(planned("clapp_patches", {{"network.head.kind", "linear"}, {"loss.skip", "0"}, {"loss.steps", "2"}}),
              AllOf(HasSubstr("not 2 predictions and a target"), HasSubstr("network.head.kind")));
}

TEST(PlannedViews, AHeadPredictsAsManyPatchesAsItsLossAsksFor) {
  for (const std::int64_t steps : {1, 2}) {
    const Recipe recipe = of_patches({{"loss.skip", "0"}, {"rule.kind", "gll"}}, "clapp_patches");
    Recipe asked = recipe;
    asked.loss.settings["steps"] = steps;
    const DryBuild built(asked, image_shape(asked));
    EXPECT_EQ(built.network->head(0).features(), (steps + 1) * 5);
    EXPECT_EQ(built.network->head(1).features(), (steps + 1) * 6);
  }
}

/// Nothing but the kinds of views and loss.
TEST(PlannedViews, PatchLossesSuitThePublishedPatchesAsTheyCome) {
  for (const char* loss : {"clapp_patches", "hinge_patches"}) {
    const std::string text = fmt::format(
        "[data]\npretrain = \"world\"\nimage_size = 64\n[views]\nkind = \"patches\"\n[loss]\nkind = \"{}\"\n", loss);
    const Recipe recipe = parse_recipe(text, "plain.toml");
    const DryBuild built(recipe, image_shape(recipe));
    EXPECT_EQ(built.views.grid.size(), 49);
    EXPECT_EQ(built.network->head(4).features(), std::string(loss) == "clapp_patches" ? 6 * 512 : 64);
    EXPECT_THAT(differences(parse_recipe(to_toml(recipe), "resolved.toml"), recipe), ::testing::IsEmpty());
  }
}

TEST(PatchRuns, HandOverOneViewOfEveryImage) {
  Trainer trainer(of_patches(), here);
  const Tensor batch = trainer.make_batch(0);
  EXPECT_EQ(batch.shape(), Shape({36, 8, 8, 1}));
  EXPECT_EQ(trainer.make_batch(3).shape(), Shape({27, 8, 8, 1}));  // the last batch is short, and odd
}

TEST(CropRuns, HandOverTwoViewsOfTheirSize) {
  Trainer trainer(recipe_of(crops), here);
  EXPECT_EQ(trainer.make_batch(0).shape(), Shape({8, 16, 16, 3}));
}

/// Stopped after six of twelve batches and resumed, a run ends with the very bytes of one that never stopped.
void expect_learns_and_resumes(const Recipe& recipe, const std::filesystem::path& folder) {
  Reporter quiet;
  const RunDirectory whole = pretrain(recipe, here, folder / "whole", false, quiet);
  const std::string& rule = recipe.rule.kind;
  if (recipe.views.kind == "patches" && (rule == "e2e" || rule == "local")) {
    EXPECT_LT(whole.metrics().back().loss, whole.metrics().front().loss);
    for (const EpochMetrics& epoch : whole.metrics()) EXPECT_LE(epoch.active_share, 1.0);
  }
  StoppingReporter stopping(6);
  EXPECT_THROW(pretrain(recipe, here, folder / "run", false, stopping), Interrupted);
  EXPECT_EQ(final_checkpoint(pretrain(recipe, here, folder / "run", true, quiet)), final_checkpoint(whole));
}

TEST(PatchRuns, LearnAndResumeUnderEveryRule) {
  for (const char* loss : {"short_patches", "clapp_patches", "hinge_patches"}) {
    for (const char* rule : {"e2e", "gll", "rll", "local", "dfa", "dtp"}) {
      const TemporaryFolder folder;
      SCOPED_TRACE(fmt::format("{} by {}", rule, loss));
      const std::vector<Override> by{{"rule.kind", rule}};
      const bool built_in = std::string(loss) != "short_patches";
      expect_learns_and_resumes(built_in ? of_neighbours(loss, by) : of_patches(by), folder.path());
    }
  }
}

TEST(PatchRuns, ClappLearnsWithEverySamplingAndNegatives) {
  for (const char* sampling : {"either", "both"}) {
    for (const char* negatives : {"random", "same_place", "one_image"}) {
      const TemporaryFolder folder;
      SCOPED_TRACE(fmt::format("{}, {}", sampling, negatives));
      expect_learns_and_resumes(of_neighbours("clapp_patches", {{"loss.sampling", sampling},
                                                                {"loss.negatives", negatives},
                                                                {"rule.feedback", "updated_random"}}),
                                folder.path());
    }
  }
}

TEST(PatchRuns, LearnInBfloat16) {
  if (!can_compute(Device::cpu, DType::bfloat16)) GTEST_SKIP() << bfloat16_support(Device::cpu);
  for (const char* loss : {"clapp_patches", "hinge_patches"}) {
    const TemporaryFolder folder;
    SCOPED_TRACE(loss);
    expect_learns_and_resumes(of_neighbours(loss, {{"train.precision", "bfloat16"}}), folder.path());
  }
}

TEST(CropRuns, LearnAndResume) {
  for (const char* precision : {"float32", "bfloat16"}) {
    if (!can_compute(Device::cpu, compute_type(precision, Device::cpu))) continue;
    const TemporaryFolder folder;
    expect_learns_and_resumes(recipe_of(crops, {{"train.precision", precision}}), folder.path());
  }
}

TEST(CropRuns, AreProbedOnTheMiddleOfImages) {
  const TemporaryFolder folder;
  Reporter quiet;
  const ProbeReport report = run_experiment(recipe_of(crops), here, folder.path() / "run", false, quiet);
  EXPECT_EQ(report.trained.at(0).features, 8 * 8 * 6);
  EXPECT_TRUE(std::isfinite(report.trained.at(0).result.final_loss));
}

TEST(PatchRuns, HaveTheHealthOfEveryEpochMeasured) {
  const TemporaryFolder folder;
  Reporter quiet;
  for (const auto& [loss, of] : {std::pair("clapp_patches", "output"), std::pair("hinge_patches", "embedding")}) {
    const auto metrics = pretrain(of_neighbours(loss), here, folder.path() / loss, false, quiet).metrics();
    ASSERT_EQ(metrics.size(), 3U);
    for (const EpochMetrics& epoch : metrics) {
      ASSERT_EQ(epoch.health.size(), 1U) << loss;
      EXPECT_EQ(epoch.health[0].block, 1);
      EXPECT_EQ(epoch.health[0].of, of);
      EXPECT_GT(epoch.health[0].deviation, 0);
    }
  }
}

/// Views of 15 images that are cut into a grid of 3x3 patches or of one row. A patch is of one number that tells its
/// image and its column.
class StripedPatches final : public Views {
 public:
  explicit StripedPatches(PatchGrid grid) : grid_(grid) {}

  void make(std::uint32_t /*epoch*/, std::uint32_t /*view*/, const Tensor& rows, Tensor& dst) override {
    const std::int64_t pixels = dst.size() / dst.extent(0);
    for (std::int64_t patch = 0; patch < dst.extent(0); ++patch) {
      const std::int32_t image = rows.data<const std::int32_t>()[patch / grid_.size()];
      const auto column = static_cast<float>(patch % grid_.columns);
      std::fill_n(dst.data<float>() + patch * pixels, pixels, static_cast<float>(image) / 15 + column);
    }
  }

 private:
  PatchGrid grid_;
};

TEST(PatchRuns, HealthComparesAPatchWithTheOneBelow) {
  const Recipe recipe = of_neighbours("hinge_patches");
  const DryBuild built(recipe, image_shape(recipe));
  const auto measured = [&](PatchGrid grid) {
    StripedPatches views(grid);
    ViewPlan plan = built.views;
    plan.grid = grid;
    return HealthMeter(*built.network, *built.rule, "e2e", views, plan, 15, 4).measure(0).at(0);
  };
  EXPECT_EQ(measured({.rows = 3, .columns = 3}).positive_distance, 0) << "of one column";
  EXPECT_GT(measured({.rows = 3, .columns = 3}).negative_distance, 0);
  EXPECT_GT(measured({.rows = 1, .columns = 3}).positive_distance, 0) << "of two columns";
}

TEST(PatchRuns, AreProbedOnTheMeanOverTheirPatches) {
  const TemporaryFolder folder;
  Reporter quiet;
  const Recipe recipe = of_patches({{"probe.pixels", "true"}});
  const ProbeReport report = run_experiment(recipe, here, folder.path() / "run", false, quiet);
  EXPECT_EQ(report.trained.at(0).features, 4 * 4 * 6);
  EXPECT_EQ(report.pixels->features, 24 * 24 * 3);
  EXPECT_EQ(report.random->at(0).features, 4 * 4 * 6);
}

/// By hand: the patches of the middle of every image, each through the network, and their mean.
TEST(PatchRuns, FeaturesAreTheMeanOverThePatchesOfTheMiddle) {
  const Recipe recipe = of_patches();
  const auto images = open_pretraining_images(recipe, here);
  const auto network = make_network(recipe, {8, 8, 1}, Device::cpu);
  const Tensor features = extract_features(*network, {1}, *images, {}, {}, recipe.views)[0].values.in_memory();
  ASSERT_EQ(features.shape(), Shape({15, 96}));
  const std::int64_t image = 11;  // in another group than the first
  Tensor cut({9, 8, 8, 1}, DType::float32, Device::cpu);
  ops::cut_patches(images->pixels(), testing::indices_of({image}, Device::cpu),
                   std::vector<PatchCrop>{{.top = 4, .left = 4}}, {.crop = 16, .patch = 8, .stride = 4}, cut);
  std::vector<Activity> kept(2);
  kept[1] = network->block(1).make_activity(9, DType::float32, Device::cpu);
  ForwardPass pass(*network, 1, 9);
  const Workspace workspace = Workspace::fit(Device::cpu, [&](Workspace& each) { pass.prepare(each); });
  pass.run(cut, kept);
  const std::vector<double> outputs = testing::values_of(kept[1].output);
  const std::vector<double> ours = testing::values_of(features.rows(image, image + 1));
  for (std::size_t i = 0; i < 96; ++i) {
    double mean = 0;
    for (std::size_t patch = 0; patch < 9; ++patch) mean += outputs[patch * 96 + i] / 9;
    ASSERT_NEAR(ours[i], mean, 1e-5) << i;
  }
}

TEST(PatchRuns, AreEmbeddedAsTheMeanOverPatches) {
  const TemporaryFolder folder;
  const Recipe recipe = of_patches();
  const auto images = open_pretraining_images(recipe, here);
  const auto network = make_network(recipe, {8, 8, 1}, Device::cpu);
  write_features(*network, 1, *images, folder.path() / "x.npy", {}, recipe.views);
  EXPECT_EQ(testing::read_npy(folder.path() / "x.npy").shape, (std::vector<std::int64_t>{15, 6, 4, 4}));
  const auto complaint = message_of<std::invalid_argument>(
      [&] { write_features(*network, std::nullopt, *images, folder.path() / "y.npy", {}, recipe.views); });
  EXPECT_THAT(complaint, AllOf(HasSubstr("an embedding is of one patch"), HasSubstr("--layer last")));
  EXPECT_THROW(write_features(*network, 1, *images, folder.path() / "z.npy"), std::invalid_argument);
}

}  // namespace
}  // namespace biossl
