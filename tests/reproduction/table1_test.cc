// The recipes of Table 1 of Tang, Yang & Amit (2022) are frozen: the published protocol and the published numbers,
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
};

constexpr const char* hinge = "contrastive_hinge";

/// In the order of the table; of the hinge loss first all negatives, then gradient block and 5 negatives.
const std::vector<Published> numbers{{"hinge_e2e_bp", 71.44, hinge, "e2e", "transpose"},
                                     {"hinge_e2e_bp_5", 70.35, hinge, "e2e", "transpose"},
                                     {"hinge_dtp", 71.29, hinge, "dtp", "transpose"},
                                     {"hinge_dtp_5", 67.74, hinge, "dtp", "transpose"},
                                     {"hinge_e2e_rf", 61.70, hinge, "e2e", "fixed_random"},
                                     {"hinge_e2e_rf_5", 63.61, hinge, "e2e", "fixed_random"},
                                     {"hinge_gll_urf", 72.76, hinge, "gll", "updated_random"},
                                     {"hinge_gll_urf_5", 71.14, hinge, "gll", "updated_random"},
                                     {"hinge_gll_rf", 67.83, hinge, "gll", "fixed_random"},
                                     {"hinge_gll_rf_5", 66.52, hinge, "gll", "fixed_random"},
                                     {"hinge_rll_urf", 71.35, hinge, "rll", "updated_random"},
                                     {"hinge_rll_urf_5", 71.17, hinge, "rll", "updated_random"},
                                     {"hinge_rll_rf", 65.94, hinge, "rll", "fixed_random"},
                                     {"hinge_rll_rf_5", 65.49, hinge, "rll", "fixed_random"},
                                     {"simclr_e2e_bp", 72.44, "nt_xent", "e2e", "transpose"},
                                     {"clapp_e2e_bp", 69.05, "clapp", "e2e", "transpose"},
                                     {"clapp_gll", 68.93, "clapp", "gll", "transpose"},
                                     {"random_encoder", 61.23, hinge, "none", "transpose"}};

void expect_protocol(const Recipe& recipe) {
  EXPECT_EQ(recipe.data.pretrain, "cifar100");
  EXPECT_EQ(recipe.data.probe, "cifar10");
  for (const std::int64_t limit : {recipe.data.images, recipe.data.probe_images, recipe.data.test_images}) {
    EXPECT_EQ(limit, 0) << "all images";
  }
  EXPECT_EQ(recipe.views.kind, "deform");
  EXPECT_EQ(recipe.views.settings, (Settings{{"affine", 0.5}, {"perturb", 0.5}, {"saturation", 4.0}, {"hue", 0.2}}));
  EXPECT_EQ(recipe.preset, "conv6");
  EXPECT_EQ(recipe.network.head.average_pool, 1);
  EXPECT_EQ(recipe.network.head.activation, Activation::none);
  EXPECT_FALSE(recipe.network.head.bias);
  EXPECT_EQ(recipe.train.epochs, recipe.rule.kind == "none" ? 0 : 400);
  EXPECT_EQ(recipe.train.batch, 500);
  EXPECT_EQ(recipe.train.optimizer, "adam");
  EXPECT_DOUBLE_EQ(recipe.train.learning_rate, 1e-4);
  EXPECT_DOUBLE_EQ(std::get<double>(recipe.optimizer.settings.at("beta1")), 0.9);
  EXPECT_DOUBLE_EQ(std::get<double>(recipe.optimizer.settings.at("beta2")), 0.999);
  EXPECT_DOUBLE_EQ(std::get<double>(recipe.optimizer.settings.at("epsilon")), 1e-8);
  EXPECT_EQ(recipe.train.schedule, "constant");
  EXPECT_EQ(recipe.train.micro_batch, 0);
  EXPECT_EQ(recipe.train.warmup_epochs, 0);
  EXPECT_EQ(recipe.train.precision, "float32");
  EXPECT_EQ(recipe.probe.epochs, 200);
  EXPECT_EQ(recipe.probe.batch, 500);
  EXPECT_DOUBLE_EQ(recipe.probe.learning_rate, 1e-3);
  EXPECT_EQ(recipe.probe.precision, "float32");
  EXPECT_FALSE(recipe.probe.random_encoder) << "it has a row of its own";
  EXPECT_EQ(recipe.seed, 1U);
}

void expect_hinge(const Recipe& recipe, bool five_negatives) {
  const Settings& loss = recipe.loss.settings;
  EXPECT_EQ(loss.at("block_gradient"), Value(five_negatives));
  EXPECT_EQ(loss.at("negatives"), Value(std::string(five_negatives ? "recent" : "all")));
  EXPECT_EQ(loss.at("threshold"), Value(2.0));
  EXPECT_EQ(loss.at("margin"), Value(1.0));
  EXPECT_EQ(loss.at("normalise"), Value(false));
  EXPECT_LT(std::get<double>(loss.at("positive_threshold")), 0) << "theta - m";
  EXPECT_LT(std::get<double>(loss.at("negative_threshold")), 0) << "theta + m";
  if (!five_negatives) return;
  EXPECT_EQ(loss.at("recent"), Value(std::int64_t{4}));
  EXPECT_EQ(loss.at("weight"), Value(0.2));
}

TEST(Table1, HasARecipeForEveryNumberAndNoOther) {
  std::vector<std::string> names;
  for (const TableRecipe& recipe : find_tables({"table1"})) names.push_back(recipe.name);
  std::vector<std::string> expected;
  for (const Published& published : numbers) expected.emplace_back(published.name);
  EXPECT_EQ(expected.size(), 18U);
  EXPECT_THAT(names, ::testing::UnorderedElementsAreArray(expected));
}

class Table1Recipe : public ::testing::TestWithParam<Published> {};

TEST_P(Table1Recipe, IsFrozenToThePublishedProtocol) {
  const Published& published = GetParam();
  const Recipe recipe = shipped_recipe(std::string("table1/") + published.name);
  expect_protocol(recipe);
  EXPECT_EQ(recipe.loss.kind, published.loss);
  EXPECT_EQ(recipe.rule.kind, published.rule);
  EXPECT_EQ(recipe.feedback.kind, published.feedback);
  if (published.loss == std::string(hinge) && recipe.rule.kind != "none") {
    expect_hinge(recipe, recipe.name.ends_with("_5"));
  }
  if (recipe.loss.kind == "nt_xent") {
    EXPECT_EQ(recipe.loss.settings, (Settings{{"temperature", 0.1}}));
  }
  if (recipe.rule.kind == "dtp") {
    EXPECT_EQ(recipe.rule.settings, (Settings{{"eta", 0.5},
                                              {"noise", 1.0},
                                              {"inverse_learning_rate", 1e-3},
                                              {"inverse_activation", std::string("tanh")}}));
  }
  EXPECT_EQ(recipe.network.head.features, 64);
  const bool layerwise = recipe.rule.kind == "gll" || recipe.rule.kind == "rll";
  EXPECT_EQ(total_epochs(recipe), recipe.rule.kind == "none" ? 0 : recipe.train.epochs * (layerwise ? 5 : 1));
  ASSERT_TRUE(recipe.published.has_value());
  EXPECT_DOUBLE_EQ(recipe.published->accuracy, published.accuracy);
  EXPECT_EQ(recipe.published->source, "Tang, Yang & Amit (2022), Table 1");
  const auto place = std::ranges::find(numbers, std::string(published.name), &Published::name) - numbers.begin();
  EXPECT_EQ(recipe.published->place, place + 1);
}

INSTANTIATE_TEST_SUITE_P(Rows, Table1Recipe, ::testing::ValuesIn(numbers),
                         [](const auto& row) { return std::string(row.param.name); });

class Comparison : public ::testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(Comparison, HasTheProtocolAndNoPublishedNumber) {
  const Recipe recipe = shipped_recipe(std::string("comparisons/") + GetParam().first);
  expect_protocol(recipe);
  EXPECT_EQ(recipe.loss.kind, GetParam().second);
  EXPECT_EQ(recipe.network.head.features, GetParam().second == std::string("cross_entropy") ? 100 : 64);
  EXPECT_FALSE(recipe.published.has_value());
}

INSTANTIATE_TEST_SUITE_P(Rows, Comparison,
                         ::testing::Values(std::pair("supervised_e2e_bp", "cross_entropy"),
                                           std::pair("barlow_twins_e2e_bp", "barlow_twins")),
                         [](const auto& row) { return std::string(row.param.first); });

}  // namespace
}  // namespace biossl
