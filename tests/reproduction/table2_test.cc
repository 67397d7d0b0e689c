// The recipes of Table 2 of Tang, Yang & Amit (2022) are frozen: the published protocol and the published numbers,
// typed here once more.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "biossl/recipe/components.h"
#include "biossl/reproduction/recipe_tables.h"

namespace biossl {
namespace {

struct Published {
  const char* name;
  double accuracy;
  const char* loss;
  const char* rule;
  const char* feedback;
  std::int64_t recent;  // negatives of the hinge
};

constexpr const char* hinge = "contrastive_hinge";

const std::vector<Published> numbers{{"hinge_e2e_bp_5", 70.13, hinge, "e2e", "transpose", 4},
                                     {"hinge_e2e_rf_5", 55.01, hinge, "e2e", "fixed_random", 4},
                                     {"hinge_gll_bp_5", 68.26, hinge, "gll", "transpose", 4},
                                     {"hinge_gll_bp_1", 68.80, hinge, "gll", "transpose", 1},
                                     {"hinge_gll_rf_5", 60.00, hinge, "gll", "fixed_random", 4},
                                     {"hinge_gll_rf_1", 60.50, hinge, "gll", "fixed_random", 1},
                                     {"hinge_rll_bp_5", 64.61, hinge, "rll", "transpose", 4},
                                     {"hinge_rll_rf_5", 55.14, hinge, "rll", "fixed_random", 4},
                                     {"clapp_e2e_bp", 71.88, "clapp_patches", "e2e", "transpose", 0},
                                     {"clapp_gll", 68.74, "clapp_patches", "gll", "transpose", 0},
                                     {"random_encoder", 46.78, hinge, "none", "transpose", 4}};

TEST(Table2, HasARecipeForEveryNumberAndNoOther) {
  std::vector<std::string> names, expected;
  for (const TableRecipe& recipe : find_tables({"table2"})) names.push_back(recipe.name);
  for (const Published& published : numbers) expected.emplace_back(published.name);
  EXPECT_EQ(expected.size(), 11U);
  EXPECT_THAT(names, ::testing::UnorderedElementsAreArray(expected));
}

void expect_protocol(const Recipe& recipe) {
  EXPECT_EQ(recipe.data.pretrain, "stl10_unlabelled");
  EXPECT_EQ(recipe.data.probe, "stl10");
  EXPECT_EQ(recipe.data.images, 0) << "all images";
  EXPECT_EQ(recipe.preset, "vgg6");
  EXPECT_EQ(recipe.width, 1);
  EXPECT_EQ(recipe.train.epochs, recipe.rule.kind == "none" ? 0 : 100);
  EXPECT_EQ(recipe.train.optimizer, "adam");
  EXPECT_EQ(recipe.probe.epochs, 200);
  EXPECT_TRUE(recipe.probe.augment);
  EXPECT_EQ(recipe.probe.padding, 0);
  EXPECT_EQ(recipe.seed, 1U);
}

void expect_hinge(const Recipe& recipe, std::int64_t recent) {
  EXPECT_EQ(recipe.views.kind, "crops");
  EXPECT_EQ(recipe.views.settings.at("size"), Value(std::int64_t{64}));
  const Settings& loss = recipe.loss.settings;
  EXPECT_EQ(loss.at("recent"), Value(recent));
  EXPECT_EQ(loss.at("weight"), Value(recent == 1 ? 1.0 : 0.2));
  EXPECT_EQ(loss.at("block_gradient"), Value(true));
  EXPECT_EQ(recipe.network.head.average_pool, 2);
}

void expect_clapp(const Recipe& recipe) {
  EXPECT_EQ(recipe.views.kind, "patches");
  const Settings& views = recipe.views.settings;
  EXPECT_EQ(views.at("crop"), Value(std::int64_t{64}));
  EXPECT_EQ(views.at("patch"), Value(std::int64_t{16}));
  EXPECT_EQ(views.at("stride"), Value(std::int64_t{8}));
  EXPECT_EQ(recipe.loss.settings.at("steps"), Value(std::int64_t{5}));
  EXPECT_EQ(recipe.loss.settings.at("skip"), Value(std::int64_t{1}));
}

class Table2Recipe : public ::testing::TestWithParam<Published> {};

TEST_P(Table2Recipe, IsFrozenToThePublishedProtocol) {
  const Published& published = GetParam();
  const Recipe recipe = shipped_recipe(std::string("table2/") + published.name);
  expect_protocol(recipe);
  EXPECT_EQ(recipe.loss.kind, published.loss);
  EXPECT_EQ(recipe.rule.kind, published.rule);
  EXPECT_EQ(recipe.feedback.kind, published.feedback);
  if (recipe.loss.kind == hinge) {
    expect_hinge(recipe, published.recent);
  } else {
    expect_clapp(recipe);
  }
  ASSERT_TRUE(recipe.published.has_value());
  EXPECT_DOUBLE_EQ(recipe.published->accuracy, published.accuracy);
  EXPECT_EQ(recipe.published->source, "Tang, Yang & Amit (2022), Table 2");
  const auto place = std::ranges::find(numbers, std::string(published.name), &Published::name) - numbers.begin();
  EXPECT_EQ(recipe.published->place, place + 1);
}

/// The network, the loss and the rule suit the 96x96 images of STL-10.
TEST_P(Table2Recipe, IsPlannedForTheImagesOfTheSet) {
  const Recipe recipe = shipped_recipe(std::string("table2/") + GetParam().name, {{"network.width", "0.0625"}});
  const DryBuild built(recipe, {96, 96, 3});
  const bool whole = recipe.loss.kind == hinge;
  EXPECT_EQ(built.network->image(), whole ? Shape({64, 64, 3}) : Shape({16, 16, 1}));
  EXPECT_EQ(built.views.grid.size(), whole ? 1 : 49);
}

INSTANTIATE_TEST_SUITE_P(Rows, Table2Recipe, ::testing::ValuesIn(numbers),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace biossl
