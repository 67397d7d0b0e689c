#include "biossl/recipe/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "biossl/core/error.h"
#include "biossl/core/file.h"
#include "biossl/recipe/recipe_difference.h"
#include "tests/support/paths.h"
#include "tests/support/tiny.h"

namespace biossl {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::tiny_recipe;
using testing::tiny_recipe_text;

TEST(Recipe, EmptyTextGivesThePublishedDefaults) {
  const Recipe recipe = parse_recipe("", "nothing.toml");
  EXPECT_EQ(recipe.name, "nothing");
  EXPECT_EQ(recipe.preset, "conv6");
  EXPECT_EQ(recipe.network.blocks.size(), 5U);
  EXPECT_EQ(recipe.loss.kind, "contrastive_hinge");
  EXPECT_EQ(std::get<std::int64_t>(recipe.loss.settings.at("recent")), 4);
  EXPECT_EQ(recipe.train.batch, 500);
  EXPECT_DOUBLE_EQ(recipe.train.learning_rate, 1e-4);
}

TEST(Recipe, WritingAndReadingGivesTheSame) {
  const Recipe preset_with_own_head =
      parse_recipe("[network]\npreset = \"tanh4\"\n[network.head]\nfeatures = 7\n", "a");
  EXPECT_EQ(preset_with_own_head.network.head.features, 7);
  EXPECT_EQ(preset_with_own_head.network.head.activation, Activation::tanh);
  Recipe odd_numbers = tiny_recipe();
  odd_numbers.name = "quoted \"name\" \\ x";
  odd_numbers.train.learning_rate = 0.1 + 0.2;
  odd_numbers.seed = 9223372036854775807U;
  for (const Recipe& recipe :
       {tiny_recipe(), parse_recipe("", "x"), preset_with_own_head, odd_numbers, demo_recipe()}) {
    const std::string text = to_toml(recipe);
    const Recipe again = parse_recipe(text, "again.toml");
    EXPECT_EQ(to_toml(again), text);
    EXPECT_EQ(again.name, recipe.name);
    EXPECT_EQ(again.seed, recipe.seed);
    EXPECT_EQ(again.train.learning_rate, recipe.train.learning_rate);
    EXPECT_EQ(again.network.blocks, recipe.network.blocks);
    EXPECT_EQ(again.loss.settings, recipe.loss.settings);
    EXPECT_EQ(again.optimizer.settings, recipe.optimizer.settings);
  }
}

TEST(Recipe, ShippedRecipesCanBeRead) {
  for (const auto& file :
       std::filesystem::recursive_directory_iterator(std::string(testing::paths::source) + "/recipes")) {
    if (file.path().extension() != ".toml") continue;
    EXPECT_NO_THROW(read_recipe(file.path())) << file.path();
  }
  EXPECT_EQ(to_toml(demo_recipe()), to_toml(read_recipe(std::string(testing::paths::source) + "/recipes/demo.toml")));
  EXPECT_THROW(shipped_recipe("table1/nothing"), std::invalid_argument);
}

TEST(Recipe, APublishedNumberIsWrittenBack) {
  EXPECT_FALSE(tiny_recipe().published.has_value());
  const std::string text = std::string(tiny_recipe_text()) +
                           "[published]\naccuracy = 61.5\nsource = \"Someone\"\nsetting = \"all\"\nplace = 3\n";
  const Recipe recipe = parse_recipe(to_toml(parse_recipe(text, "x")), "y");
  EXPECT_EQ(recipe.published.value().accuracy, 61.5);
  EXPECT_EQ(recipe.published.value().source, "Someone");
  EXPECT_EQ(recipe.published.value().setting, "all");
  EXPECT_EQ(recipe.published.value().place, 3);
}

TEST(RecipeDifference, CountsWhatChangesResultsOnly) {
  Recipe other = tiny_recipe({{"train.epochs", "2"}, {"probe.epochs", "9"}, {"data.images", "20"}, {"seed", "5"}});
  other.name = "other";
  other.train.checkpoint_every = 7;
  other.published = PublishedRecipe{};
  std::vector<std::string> keys;
  for (const Difference& found : differences(tiny_recipe(), other)) keys.push_back(found.key);
  EXPECT_THAT(keys, ::testing::ElementsAre("data.images", "probe.epochs", "seed", "train.epochs"));
  const Deviations found = deviations(tiny_recipe(), other);
  ASSERT_EQ(found.reduced.size(), 2U);
  EXPECT_EQ(describe_reduced(found.reduced[0]), "20 of all training images");
  EXPECT_EQ(describe_reduced(found.reduced[1]), "2 of 3 epochs a block");
  ASSERT_EQ(found.changed.size(), 1U);
  EXPECT_EQ(describe_changed(found.changed[0]), "probe.epochs = 9 instead of 2");
  const Recipe more_images = tiny_recipe({{"data.images", "0"}});
  EXPECT_TRUE(deviations(tiny_recipe({{"data.images", "20"}}), more_images).reduced.empty());
  EXPECT_EQ(differences(tiny_recipe(), tiny_recipe({{"network.blocks.1.channels", "9"}})).at(0).key,
            "network.blocks.1.channels");
  EXPECT_EQ(differences(tiny_recipe(), demo_recipe()).empty(), false);
}

TEST(Recipe, OverridesAreTakenAsToml) {
  const Recipe recipe = tiny_recipe({{"train.epochs", "7"},
                                     {"train.learning_rate", "2"},
                                     {"loss.negatives", "all"},
                                     {"loss.block_gradient", "false"},
                                     {"network.blocks.1.channels", "9"},
                                     {"seed", "12"}});
  EXPECT_EQ(recipe.train.epochs, 7);
  EXPECT_DOUBLE_EQ(recipe.train.learning_rate, 2.0);
  EXPECT_EQ(recipe.loss.settings.at("negatives"), Value(std::string("all")));
  EXPECT_EQ(recipe.loss.settings.at("block_gradient"), Value(false));
  EXPECT_EQ(recipe.network.blocks[1].channels, 9);
  EXPECT_EQ(recipe.seed, 12U);
}

TEST(Recipe, AnotherChoiceTakesTheOldOnesSettingsAway) {
  const std::string resolved = to_toml(tiny_recipe());
  const Recipe other = parse_recipe(resolved, "x", {{"network.preset", "tanh4"}, {"train.optimizer", "sgd"}});
  EXPECT_EQ(other.preset, "tanh4");
  EXPECT_EQ(other.network.blocks.size(), 4U);
  EXPECT_EQ(other.network.head.features, 64);
  EXPECT_TRUE(other.optimizer.settings.contains("momentum"));
  const Recipe failing = parse_recipe(resolved, "x", {{"loss.good_batches", "2"}, {"loss.kind", "failing"}});
  EXPECT_EQ(failing.loss.settings.at("good_batches"), Value(std::int64_t{2}));
}

TEST(Recipe, AWidthScalesThePresetsBlocks) {
  const Recipe recipe = parse_recipe("[network]\npreset = \"vgg6\"\nwidth = 0.25\n", "x");
  const Recipe again = parse_recipe(to_toml(recipe), "x");
  ASSERT_EQ(again.network.blocks.size(), 6U);
  EXPECT_EQ(again.network.blocks[0].channels, 32);
  EXPECT_EQ(again.network.blocks[5].channels, 256);
  EXPECT_EQ(again.network.head.features, 64);
  EXPECT_EQ(parse_recipe("[network]\nwidth = 0.001\n", "x").network.blocks[0].channels, 1);
}

TEST(Recipe, TheSameChoiceKeepsItsSettingsHoweverItIsQuoted) {
  for (const char* quoted : {"contrastive_hinge", "\"contrastive_hinge\"", "'contrastive_hinge'"}) {
    const Recipe recipe = parse_recipe("[loss]\nrecent = 3\n", "x", {{"loss.kind", quoted}});
    EXPECT_EQ(recipe.loss.settings.at("recent"), Value(std::int64_t{3})) << quoted;
  }
  const std::string momentum = "[train]\noptimizer = 'sgd'\n[optimizer]\nmomentum = 0.7\n";
  EXPECT_EQ(parse_recipe(momentum, "x", {{"train.optimizer", "\"sgd\""}}).optimizer.settings.at("momentum"),
            Value(0.7));
  EXPECT_FALSE(parse_recipe(momentum, "x", {{"train.optimizer", "\"adam\""}}).optimizer.settings.contains("momentum"));
}

struct BadRecipe {
  const char* text;
  const char* message;  ///< parts, separated by |
};

class BadRecipes : public ::testing::TestWithParam<BadRecipe> {};

void expect_parts(const std::string& message, const std::string& parts) {
  std::size_t start = 0;
  while (start <= parts.size()) {
    const std::size_t end = std::min(parts.find('|', start), parts.size());
    EXPECT_THAT(message, HasSubstr(parts.substr(start, end - start)));
    start = end + 1;
  }
  EXPECT_EQ(message.find('\n'), std::string::npos) << "one line";
}

TEST_P(BadRecipes, AreRefusedWithFileLineAndHelp) {
  try {
    parse_recipe(GetParam().text, "bad.toml");
    FAIL() << "was accepted";
  } catch (const BadInput& error) {
    expect_parts(error.what(), GetParam().message);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, BadRecipes,
    ::testing::Values(BadRecipe{"seed = \n", "bad.toml:1:"}, BadRecipe{"[train\n", "bad.toml:1:"},
                      BadRecipe{"sed = 1\n", "bad.toml:1:|'sed'|did you mean 'seed'?"},
                      BadRecipe{"epochs = 1\n", "bad.toml:1:|did you mean 'train.epochs'?"},
                      BadRecipe{"[published]\naccuracy = 0.71\nplace = -1\n", "bad.toml:3:|place|negative"},
                      BadRecipe{"[published]\naccuracy = 171\n", "bad.toml:2:|percentage"},
                      BadRecipe{"[published]\nsource = \"x\"\n", "bad.toml:1:|accuracy"},
                      BadRecipe{"[published]\naccuracy = 71\nplaec = 1\n", "bad.toml:3:|did you mean 'place'?"},
                      BadRecipe{"[data]\nstd = 0\n", "bad.toml:2:|std|positive"},
                      BadRecipe{"seed = -1\n", "bad.toml:1:|seed = -1|between 0 and 9223372036854775807"},
                      BadRecipe{"seed = 99999999999999999999\n", "bad.toml:1:"},
                      BadRecipe{"seed = [1]\n", "bad.toml:1:|list"}, BadRecipe{"name = \"a/b\"\n", "bad.toml:1:|slash"},
                      BadRecipe{"\n[trian]\nepochs = 1\n", "bad.toml:2:|[trian]|did you mean 'train'?"},
                      BadRecipe{"[[blocks]]\nchannels = 1\n", "[[network.blocks]]"},
                      BadRecipe{"[data]\npretrain = \"cifar1000\"\n", "bad.toml:2:|cifar1000|did you mean 'cifar100'?"},
                      BadRecipe{"[data]\nimages = -4\n", "bad.toml:2:|images"},
                      BadRecipe{"[data]\nimage_size = 0\n", "bad.toml:2:|image_size"},
                      BadRecipe{"[data]\nimages = 2020-01-01\n", "bad.toml:2:|images"},
                      BadRecipe{"[views]\nkind = \"defrom\"\n", "bad.toml:2:|did you mean 'deform'?"},
                      BadRecipe{"[views]\nkind = 3\n", "bad.toml:2:|text"},
                      BadRecipe{"[views]\nperturbe = 3\n", "bad.toml:2:|did you mean 'perturb'?"},
                      BadRecipe{"[network]\npreset = \"conv5\"\n", "bad.toml:2:|did you mean 'conv6'?"},
                      BadRecipe{"[network]\npreset = \"conv6\"\n[[network.blocks]]\n", "bad.toml:2:|exclude"},
                      BadRecipe{"[network]\nblocks = []\n", "bad.toml:2:|empty"},
                      BadRecipe{"[[network.blocks]]\nchanels = 3\n", "bad.toml:2:|did you mean 'channels'?"},
                      BadRecipe{"[[network.blocks]]\nactivation = \"tahn\"\n", "bad.toml:2:|tahn"},
                      BadRecipe{"[network.head]\nfeatures = 0\n", "bad.toml:2:|features"},
                      BadRecipe{"[network.head]\nfeature = 1\n", "bad.toml:2:|did you mean 'features'?"},
                      BadRecipe{"[loss]\nkind = \"contrastive\"\n", "bad.toml:2:|contrastive"},
                      BadRecipe{"[loss]\nrecent = 4.5\n", "bad.toml:2:|whole number"},
                      BadRecipe{"[loss]\nrecent = 0\n", "bad.toml:2:|recent"},
                      BadRecipe{"[loss]\nnegatives = \"al\"\n", "bad.toml:2:|negatives|did you mean 'all'?"},
                      BadRecipe{"[rule]\nkind = \"e2\"\n", "bad.toml:2:|e2"},
                      BadRecipe{"[rule]\nfeedback = \"transpos\"\n", "bad.toml:2:|did you mean 'transpose'?"},
                      BadRecipe{"[feedback]\nscale = 1\n", "bad.toml:2:|scale"},
                      BadRecipe{"[train]\nepochs = -1\n", "bad.toml:2:|epochs"},
                      BadRecipe{"[train]\nbatch = 0\n", "bad.toml:2:|batch"},
                      BadRecipe{"[train]\nbatch = \"5\"\n", "bad.toml:2:|whole number"},
                      BadRecipe{"[train]\nlearning_rate = 0\n", "bad.toml:2:|learning_rate|positive"},
                      BadRecipe{"[train]\nlearning_rate = nan\n", "bad.toml:2:|learning_rate"},
                      BadRecipe{"[train]\noptimizer = \"adma\"\n", "bad.toml:2:|did you mean 'adam'?"},
                      BadRecipe{"[train]\nschedule = \"cosin\"\n", "bad.toml:2:|did you mean 'cosine'?"},
                      BadRecipe{"[train]\nprecision = \"float16\"\n", "bad.toml:2:|float16"},
                      BadRecipe{"[train]\nwarmup_epochs = -1\n", "bad.toml:2:|warmup_epochs"},
                      BadRecipe{"[optimizer]\nbeta1 = 1.5\n", "bad.toml:2:|beta1"},
                      BadRecipe{"[probe]\nblocks = \"lats\"\n", "bad.toml:2:|did you mean 'last'?"},
                      BadRecipe{"[probe]\nprecision = \"float16\"\n", "bad.toml:2:|float16"},
                      BadRecipe{"[probe]\nmemory_gb = -1\n", "bad.toml:2:|memory_gb"},
                      BadRecipe{"[network]\nwidth = 0\n", "bad.toml:2:|width = 0 must lie between 0 and 64"},
                      BadRecipe{"[network]\nwidth = 2\n[[network.blocks]]\n", "bad.toml:2:|changes a preset"},
                      BadRecipe{"[probe]\nrandom_encoder = 1\n", "bad.toml:2:|true or false"}));

TEST(Recipe, FaultsOfOverridesAreTheCommandLines) {
  const std::vector<std::pair<Override, std::string>> faults{
      {{"train.epoch", "5"}, "--set train.epoch=5|did you mean 'epochs'?"},
      {{"trian.epochs", "5"}, "--set trian.epochs=5|did you mean 'train'?"},
      {{"epochs", "5"}, "--set epochs=5|did you mean 'train.epochs'?"},
      {{"train.epochs", "many"}, "--set train.epochs=many|whole number"},
      {{"loss.recent", "0"}, "--set loss.recent=0|between 1 and"},
      {{"network.blocks.9.channels", "1"}, "--set network.blocks.9.channels=1|2 blocks"},
      {{"network.blocks.x.channels", "1"}, "number"},
      {{"network.preset", "conv7"}, "--set network.preset=conv7|did you mean 'conv6'?"},
      {{"", "1"}, "missing"}};
  for (const auto& [change, message] : faults) {
    try {
      tiny_recipe({change});
      ADD_FAILURE() << change.key << " was accepted";
    } catch (const std::invalid_argument& error) {
      expect_parts(error.what(), message);
    }
  }
}

TEST(Recipe, MissingFileIsNamed) {
  EXPECT_THROW(
      {
        try {
          read_recipe("/nonexistent/recipe.toml");
        } catch (const BadInput& error) {
          EXPECT_THAT(error.what(), HasSubstr("/nonexistent/recipe.toml"));
          throw;
        }
      },
      BadInput);
}

}  // namespace
}  // namespace biossl
