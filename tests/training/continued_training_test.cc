#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "biossl/core/file.h"
#include "biossl/training/pretraining.h"
#include "biossl/training/trainer.h"
#include "tests/support/message_of.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny.h"

namespace biossl {
namespace {

using testing::final_checkpoint;
using ::testing::HasSubstr;
using testing::here;
using testing::message_of;
using testing::StoppingReporter;
using testing::TemporaryFolder;
using testing::tiny_recipe;

std::string shown(const std::filesystem::path& path) { return "\"" + path.string() + "\""; }

TEST(MoreEpochs, EqualALongerRun) {
  const TemporaryFolder folder;
  Reporter quiet;
  for (const char* rule : {"e2e", "rll", "dtp", "local"}) {
    const std::vector<Override> five{{"rule.kind", rule}, {"train.epochs", "5"}};
    const std::vector<Override> two{{"rule.kind", rule}, {"train.epochs", "2"}};
    const auto longer = folder.path() / (std::string(rule) + "-longer");
    const RunDirectory whole = pretrain(tiny_recipe(five), here, folder.path() / rule, false, quiet);
    pretrain(tiny_recipe(two), here, longer, false, quiet);
    StoppingReporter reporter;
    const RunDirectory run = pretrain(tiny_recipe(five), here, longer, true, reporter);
    EXPECT_EQ(final_checkpoint(run), final_checkpoint(whole)) << rule;
    EXPECT_EQ(run.metrics().size(), whole.metrics().size()) << rule;
    EXPECT_EQ(read_file(run.recipe_file()), read_file(whole.recipe_file())) << rule;
    EXPECT_THAT(reporter.notes, HasSubstr("trains for 5 epochs now, not 2")) << rule;
  }
}

TEST(MoreEpochs, ARunThatHasNotGotThereMayBeShortened) {
  const TemporaryFolder folder;
  Reporter quiet;
  const Recipe two = tiny_recipe({{"train.epochs", "2"}});
  StoppingReporter stopping(6);  // in the second epoch
  EXPECT_THROW(pretrain(tiny_recipe({{"train.epochs", "9"}}), here, folder.path() / "run", false, stopping),
               Interrupted);
  const RunDirectory run = pretrain(two, here, folder.path() / "run", true, quiet);
  const RunDirectory whole = pretrain(two, here, folder.path() / "whole", false, quiet);
  EXPECT_EQ(final_checkpoint(run), final_checkpoint(whole));
}

TEST(MoreEpochs, AreRefusedWhereALongerRunWouldHaveBegunOtherwise) {
  const TemporaryFolder folder;
  Reporter quiet;
  const std::vector<Override> kinds{{"train.schedule", "cosine"}, {"rule.kind", "gll"}};
  for (const Override& kind : kinds) {
    const auto out = folder.path() / kind.value;
    pretrain(tiny_recipe({kind, {"train.epochs", "2"}}), here, out, false, quiet);
    const std::string recipe = read_file(out / "recipe.toml");
    const auto longer = [&] { pretrain(tiny_recipe({kind, {"train.epochs", "3"}}), here, out, true, quiet); };
    EXPECT_THAT(message_of<std::exception>(longer),
                HasSubstr("train.epochs = 2, not with train.epochs = 3; its number of epochs can"));
    EXPECT_EQ(read_file(out / "recipe.toml"), recipe);
  }
  const auto shorter = [&] {
    const auto out = folder.path() / "short";
    pretrain(tiny_recipe(), here, out, false, quiet);
    pretrain(tiny_recipe({{"train.epochs", "1"}}), here, out, true, quiet);
  };
  EXPECT_THAT(message_of<std::exception>(shorter), HasSubstr("stands at epoch 3"));
  EXPECT_EQ(read_recipe(folder.path() / "short/recipe.toml").train.epochs, 3);
}

TEST(KeepCheckpoints, SaysHowMany) {
  const TemporaryFolder folder;
  Reporter quiet;
  for (const auto& [keep, kept] : {std::pair("0", 6U), std::pair("1", 1U), std::pair("4", 4U)}) {
    const Recipe recipe = tiny_recipe({{"train.epochs", "6"}, {"train.keep_checkpoints", keep}});
    const RunDirectory run = pretrain(recipe, here, folder.path() / keep, false, quiet);
    EXPECT_EQ(list_checkpoints(run.checkpoints()).size(), kept);
    EXPECT_EQ(list_checkpoints(run.checkpoints()).front().filename(), "epoch_0006.safetensors");
  }
}

/// The origin of the runs below: an updated random path, three epochs.
class From : public ::testing::Test {
 protected:
  void SetUp() override { pretrain(tiny_recipe(path), here, origin, false, quiet); }

  /// A run from the origin with these changes, under keep_checkpoints = 0.
  RunDirectory run(const std::string& name, const std::vector<Override>& changes, Reporter& reporter) {
    return pretrain(recipe_from(changes), here, folder.path() / name, false, reporter);
  }
  Recipe recipe_from(const std::vector<Override>& changes) const {
    std::vector<Override> all{{"train.from", shown(origin)}, {"train.keep_checkpoints", "0"}};
    all.insert(all.end(), changes.begin(), changes.end());
    return tiny_recipe(all);
  }
  static SafetensorsFile first(const RunDirectory& run) {
    return SafetensorsFile(run.checkpoints() / "epoch_0000.safetensors");
  }
  static std::string bytes(const SafetensorsFile& file, const std::string& name) {
    const Tensor tensor = file.read(name);
    return {reinterpret_cast<const char*>(tensor.raw()), tensor.bytes()};
  }

  const std::vector<Override> path{{"rule.feedback", "updated_random"}};
  TemporaryFolder folder;
  std::filesystem::path origin = folder.path() / "origin";
  Reporter quiet;
};

TEST_F(From, StartsWithWeightsAndPathsAndWithoutOptimiserState) {
  StoppingReporter reporter;
  const SafetensorsFile file = first(run("next", {path[0], {"seed", "9"}, {"loss.threshold", "3"}}, reporter));
  const SafetensorsFile from(list_checkpoints(origin / "checkpoints").front());
  for (const auto& [name, entry] : from.tensors()) {
    const bool of_optimizer = name.find(".optimizer.") != std::string::npos;
    const std::string zeros(bytes(file, name).size(), '\0');
    EXPECT_EQ(bytes(file, name), of_optimizer ? zeros : bytes(from, name)) << name;
  }
  EXPECT_THAT(reporter.notes, HasSubstr("starting with the weights in " + from.path().string() + "\n"));
}

TEST_F(From, WhatTheCheckpointLacksIsDrawnAndNamed) {
  StoppingReporter reporter;
  const SafetensorsFile file = first(run("next", {{"network.head.features", "7"}}, reporter));
  EXPECT_EQ(file.read("heads.1.weight").extent(0), 7);
  EXPECT_THAT(reporter.notes, HasSubstr("; drawn anew: heads.1.weight, heads.1.bias"));
  EXPECT_EQ(bytes(file, "blocks.1.weight"),
            bytes(SafetensorsFile(list_checkpoints(origin / "checkpoints").front()), "blocks.1.weight"));
}

// Two kinds may give their tensors one name and shape.
TEST_F(From, APathOfAnotherKindIsDrawn) {
  const auto begin = [&](const std::string& name, std::vector<Override> changes, Reporter& reporter) {
    changes.push_back({"train.keep_checkpoints", "0"});
    return pretrain(tiny_recipe(changes), here, folder.path() / name, false, reporter);
  };
  const Override fixed{"rule.feedback", "fixed_random"};
  const RunDirectory other = begin("pollack", {{"rule.feedback", "kolen_pollack"}}, quiet);
  const RunDirectory fresh = begin("fresh", {fixed}, quiet);  // such a path stays as it was drawn
  StoppingReporter reporter;
  const SafetensorsFile file =
      first(begin("next", {fixed, {"train.from", shown(folder.path() / "pollack")}}, reporter));
  const SafetensorsFile from(list_checkpoints(other.checkpoints()).front());
  const std::string name = "blocks.1.feedback.weight";
  EXPECT_EQ(bytes(file, name), bytes(SafetensorsFile(list_checkpoints(fresh.checkpoints()).front()), name));
  EXPECT_NE(bytes(file, name), bytes(from, name));
  EXPECT_EQ(bytes(file, "blocks.1.weight"), bytes(from, "blocks.1.weight"));
  EXPECT_THAT(reporter.notes, HasSubstr("; drawn anew: blocks.0.feedback.weight"));
}

TEST_F(From, OtherBlocksAreRefused) {
  const auto other = [&] { run("next", {{"network.blocks.1.channels", "9"}}, quiet); };
  EXPECT_THAT(message_of<std::exception>(other), HasSubstr("tensor 'blocks.1.weight'"));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "next"));
}

TEST_F(From, AStoppedRunGoesOnWithoutItsOrigin) {
  const RunDirectory whole = run("whole", {}, quiet);
  StoppingReporter stopping(3);
  EXPECT_THROW(pretrain(recipe_from({{"train.checkpoint_every", "0"}}), here, folder.path() / "part", false, stopping),
               Interrupted);
  std::filesystem::remove_all(origin);
  const RunDirectory part = pretrain(recipe_from({}), here, folder.path() / "part", true, quiet);
  EXPECT_EQ(final_checkpoint(part), final_checkpoint(whole));
}

}  // namespace
}  // namespace biossl
