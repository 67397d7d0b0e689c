// Runs by layer-wise rules and by none, as a user has them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "biossl/benchmarks/step_bench.h"
#include "biossl/core/file.h"
#include "biossl/training/experiment.h"
#include "biossl/training/pretraining.h"
#include "biossl/training/probing.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny.h"

namespace biossl {
namespace {

using testing::final_checkpoint;
using testing::here;
using testing::StoppingReporter;
using testing::TemporaryFolder;
using testing::tiny_recipe;
using Json = nlohmann::json;

/// 22 images in batches of 5 and two blocks: 5 batches an epoch, 10 a block, 20 in all.
Recipe layerwise_recipe(const std::string& rule) {
  return tiny_recipe(
      {{"rule.kind", rule}, {"train.epochs", "2"}, {"train.schedule", "cosine"}, {"train.warmup_epochs", "1"}});
}

class LayerwiseRun : public ::testing::TestWithParam<const char*> {};

TEST_P(LayerwiseRun, GoingOnWithinABlockAndBetweenBlocksEqualsNeverHavingStopped) {
  const TemporaryFolder folder;
  const Recipe recipe = layerwise_recipe(GetParam());
  Reporter quiet;
  const RunDirectory whole = pretrain(recipe, here, folder.path() / "whole", false, quiet);
  const auto metrics = whole.metrics();
  ASSERT_EQ(metrics.size(), 4U);
  for (const std::int64_t batches : {1, 5, 7, 9, 10, 11, 19}) {
    const auto out = folder.path() / std::to_string(batches);
    StoppingReporter stopping(batches);
    EXPECT_THROW(pretrain(recipe, here, out, false, stopping), Interrupted);
    const RunDirectory rest = pretrain(recipe, here, out, true, quiet);
    EXPECT_EQ(final_checkpoint(rest), final_checkpoint(whole)) << "stopped after " << batches;
    const auto others = rest.metrics();
    ASSERT_EQ(others.size(), metrics.size());
    for (std::size_t i = 0; i < metrics.size(); ++i) {
      EXPECT_EQ(others[i].loss, metrics[i].loss);
      EXPECT_EQ(others[i].stage, metrics[i].stage);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rules, LayerwiseRun, ::testing::Values("gll", "rll"),
                         [](const auto& test) { return std::string(test.param); });

TEST(LayerwiseRuns, GreedyOnesSayWhatLearnsAndStartTheScheduleAnewWithEveryBlock) {
  const TemporaryFolder folder;
  Reporter quiet;
  const auto lines = pretrain(layerwise_recipe("gll"), here, folder.path() / "run", false, quiet).metrics();
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[1].stage, "block 0 of 0-1");
  EXPECT_EQ(lines[2].stage, "block 1 of 0-1");
  EXPECT_EQ(lines[0].learning_rate, lines[2].learning_rate);
  EXPECT_EQ(lines[1].learning_rate, lines[3].learning_rate);
  EXPECT_LT(lines[1].learning_rate, lines[0].learning_rate);
}

TEST(LayerwiseRuns, RandomisedOnesHaveOneScheduleAndNoStage) {
  const TemporaryFolder folder;
  Reporter quiet;
  const auto lines = pretrain(layerwise_recipe("rll"), here, folder.path() / "run", false, quiet).metrics();
  ASSERT_EQ(lines.size(), 4U);
  for (std::size_t i = 1; i < 4; ++i) EXPECT_LT(lines[i].learning_rate, lines[i - 1].learning_rate);
  EXPECT_EQ(lines[0].stage, "");
}

TEST(LayerwiseRuns, TheRandomEncoderGoesStraightToTheProbe) {
  const TemporaryFolder folder;
  const auto out = folder.path() / "run";
  const Recipe recipe = tiny_recipe({{"rule.kind", "none"}});
  Reporter quiet;
  const ProbeReport report = run_experiment(recipe, here, out, false, quiet);
  EXPECT_EQ(report.trained[0].result.final_loss, report.random->at(0).result.final_loss);
  const Json summary = Json::parse(read_file(out / "summary.json"));
  EXPECT_EQ(summary["pretrain"]["epochs"], 0);
  EXPECT_TRUE(summary["pretrain"]["final_loss"].is_null());
  const std::string checkpoint = final_checkpoint(RunDirectory::open(out));
  const ProbeReport again = run_experiment(recipe, here, out, true, quiet);
  EXPECT_EQ(again.trained[0].result.final_loss, report.trained[0].result.final_loss);
  EXPECT_EQ(final_checkpoint(RunDirectory::open(out)), checkpoint);
}

TEST(StepBench, TakesTheMeanOverALayerwiseRulesBlocks) {
  const Recipe one = demo_recipe({{"train.batch", "4"}, {"rule.kind", "e2e"}});
  const auto depth = static_cast<std::int64_t>(one.network.blocks.size());
  EXPECT_EQ(time_step(one, Device::cpu, 1).kinds, 1);
  for (const char* rule : {"gll", "rll"}) {
    const StepTimes times = time_step(demo_recipe({{"train.batch", "4"}, {"rule.kind", rule}}), Device::cpu, 1);
    EXPECT_EQ(times.kinds, depth);
    // Block l: l + 1 forward passes of each view and the head's, the head's two ways back and the block's update.
    EXPECT_EQ(times.layers, depth * (depth + 1) + 4 * depth);
    EXPECT_GT(times.step, times.views);
    EXPECT_GT(times.conv_floor, 0.0);
  }
  EXPECT_THROW(time_step(demo_recipe({{"rule.kind", "none"}}), Device::cpu, 1), std::invalid_argument);
}

}  // namespace
}  // namespace biossl
