#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "biossl/core/error.h"
#include "biossl/reproduction/table_writer.h"
#include "biossl/training/experiment.h"
#include "biossl/training/results.h"
#include "tests/reproduction/reproducing.h"

namespace biossl {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::here;
using ::testing::IsEmpty;
using testing::names;
using ::testing::Not;
using testing::Reproducing;
using Json = nlohmann::json;

TEST_F(Reproducing, TheTableSaysWhatTheNumbersAre) {
  run(request({}, 3));
  const Json json = table();
  EXPECT_TRUE(json["full_budget"]);
  EXPECT_THAT(json["reduced_budget"], IsEmpty());
  ASSERT_EQ(json["rows"].size(), 3U);
  const Json& first = json["rows"][0];
  EXPECT_EQ(first["name"], "tiny_b");
  EXPECT_EQ(first["loss"], "hinge");
  EXPECT_EQ(first["rule"], "E2E");
  EXPECT_EQ(first["feedback"], "BP");
  EXPECT_EQ(first["setting"], "few");
  std::vector<double> accuracies;
  for (int seed = 1; seed <= 3; ++seed) {
    const Json summary = Json::parse(read_file(run_of(fmt::format("tiny_b-seed{}/summary.json", seed))));
    accuracies.push_back(100 * summary["probe"]["test_accuracy"].get<double>());
  }
  const double mean = (accuracies[0] + accuracies[1] + accuracies[2]) / 3;
  EXPECT_NEAR(first["ours"]["mean"], mean, 1e-12);
  EXPECT_NEAR(first["ours"]["deviation"], spread_of(accuracies).deviation, 1e-12);
  EXPECT_EQ(first["ours"]["seeds"], 3);
  EXPECT_NEAR(first["difference"], mean - 40.5, 1e-12);
  EXPECT_GT(first["peak_memory_bytes"], 0);
  EXPECT_TRUE(json["rows"][2]["published"].is_null());
  EXPECT_TRUE(json["rows"][2]["difference"].is_null());

  const std::string ours = fmt::format("{:.2f} ± {:.2f} (3)", mean, spread_of(accuracies).deviation);
  const std::string difference = fmt::format("{:+.2f}", mean - 40.5);
  for (const std::string& shown : {read_file(out() / "table.md"), to_text(collect(plan(request({}, 3))))}) {
    EXPECT_THAT(shown, AllOf(HasSubstr("budget: the published one"), HasSubstr("Someone (1999)"), HasSubstr("40.50"),
                             HasSubstr(ours), HasSubstr(difference), HasSubstr("seeds 1 to 3"), HasSubstr("commit"),
                             HasSubstr("thread")));
    EXPECT_LT(shown.find("few"), shown.find("| all") == std::string::npos ? shown.find("  all") : shown.find("| all"));
  }
  EXPECT_THAT(read_file(out() / "table.csv"), HasSubstr(fmt::format("tiny_b,hinge,E2E,BP,few,40.50,{:.2f},", mean)));
}

TEST_F(Reproducing, AReducedBudgetStandsInEveryHead) {
  ReproductionRequest reduced = request();
  reduced.epochs = 2;
  reduced.changes = {{"probe.epochs", "1"}, {"data.images", "20"}, {"train.learning_rate", "0.02"}};
  run(reduced);
  const std::string budget = "REDUCED BUDGET: 2 of 3 epochs a block; probe of 1 of 2 epochs; 20 of all training images";
  const std::string text = to_text(collect(plan(reduced)));
  EXPECT_EQ(text.find(budget), 0U);
  for (const std::string& shown : {text, read_file(out() / "table.md"), read_file(out() / "table.csv")}) {
    EXPECT_LT(shown.find(budget), shown.find("hinge"));
    EXPECT_THAT(shown, HasSubstr("CHANGED SETTINGS: train.learning_rate = 0.02 instead of 0.01"));
  }
  const std::string markdown = read_file(out() / "table.md");
  const std::size_t changed = markdown.find("**CHANGED"), end = markdown.find("\n\n", changed);
  EXPECT_THAT(markdown.substr(changed, end - changed), ::testing::EndsWith("**")) << "bold as a whole";
  EXPECT_THAT(read_file(out() / "table.csv"), HasSubstr(",REDUCED,"));
  const Json json = table();
  EXPECT_FALSE(json["full_budget"]);
  EXPECT_THAT(json["budget"].get<std::string>(), HasSubstr(budget));
  EXPECT_EQ(json["reduced_budget"].size(), 3U);
  EXPECT_TRUE(json["rows"][0]["reduced"]);
  EXPECT_EQ(json["rows"][0]["epochs"], 2);
  EXPECT_EQ(json["rows"][0]["published_epochs"], 3);
}

TEST_F(Reproducing, AChangedCopyOfAPublishedRecipeIsNoFullBudget) {
  Recipe copy = shipped_recipe("table1/hinge_e2e_bp_5", {{"train.epochs", "5"}, {"loss.margin", "0.5"}});
  write_file(recipes() / "mine.toml", to_toml(copy));
  const std::string text = to_text(collect(plan(request())));
  EXPECT_THAT(text, AllOf(HasSubstr("REDUCED BUDGET: 5 of 400 epochs a block"),
                          HasSubstr("CHANGED SETTINGS: loss.margin = 0.5 instead of 1")));
}

TEST_F(Reproducing, ARunOverAnotherPathThanAskedForIsNoResult) {
  run(request({"tiny_a"}));
  Json summary = Json::parse(read_file(run_of("tiny_a-seed1/summary.json")));
  ASSERT_EQ(summary["layers"][1]["feedback"], "transpose");
  EXPECT_THAT(plan(request({"tiny_a"})).missing(), IsEmpty());
  summary["layers"][1]["feedback"] = "fixed_random";
  write_file(run_of("tiny_a-seed1/summary.json"), summary.dump());
  EXPECT_THAT(names(plan(request({"tiny_a"})).missing()), ElementsAre("tiny_a-seed1"));
}

TEST_F(Reproducing, ARowThatUsesLabelsIsMarked) {
  std::string text = testing::tiny_recipe_text();
  text.replace(text.find("contrastive_hinge"), 17, "cross_entropy");
  text.replace(text.find("features = 4"), 12, "features = 3");
  write_file(recipes() / "ceiling.toml", text);
  run(request({"ceiling", "tiny_a"}));
  EXPECT_TRUE(Json::parse(read_file(run_of("ceiling-seed1/summary.json")))["uses_labels"]);
  EXPECT_FALSE(Json::parse(read_file(run_of("tiny_a-seed1/summary.json")))["uses_labels"]);
  for (const std::string& shown : {to_text(collect(plan(request()))), read_file(out() / "table.md")}) {
    EXPECT_NE(shown.find("uses labels"), std::string::npos);
    EXPECT_EQ(shown.find("uses labels"), shown.rfind("uses labels")) << "the other rows do not";
  }
}

TEST(Spread, IsTheMeanAndTheSamplesDeviation) {
  const Spread four = spread_of(std::vector<double>{2, 4, 4, 6});
  EXPECT_EQ(four.count, 4);
  EXPECT_DOUBLE_EQ(four.mean, 4);
  EXPECT_DOUBLE_EQ(four.deviation, std::sqrt(8.0 / 3));
  EXPECT_EQ(spread_of(std::vector<double>{3}).deviation, 0);
  EXPECT_EQ(spread_of(std::vector<double>{3}).mean, 3);
  EXPECT_EQ(spread_of({}).count, 0);
}

/// A finished row with the widest cells that a published table has.
TableRow wide_row() {
  RunOutcome outcome{.test_accuracy = 0.71444,
                     .train_accuracy = 1,
                     .chance = 0.1,
                     .seconds = 123'456,
                     .images_per_second = 12'345,
                     .peak_memory_bytes = 17'000'000'000,
                     .machine = {}};
  TableRow row;
  row.loss = "Barlow Twins";
  row.rule = "none";
  row.feedback = "URF";
  row.setting = "5 negatives, block";
  row.published = PublishedRecipe{.accuracy = 70.35, .source = "x", .setting = row.setting, .place = 1};
  row.epochs = row.total_epochs = 400;
  for (const std::uint64_t seed : {1U, 2U}) {
    row.runs.push_back({.seed = seed, .stage = RunStage::finished, .epoch = 400, .failure = {}, .outcome = outcome});
    outcome.test_accuracy = 0.70111;
  }
  return row;
}

TEST(TableText, FitsATerminalAndLinesUp) {
  ReproductionTable table;
  table.sources = {"Someone (1999)"};
  table.rows = {wide_row(), wide_row()};
  table.rows[1].loss = "hinge";
  const std::string text = to_text(table);
  std::istringstream lines(text.substr(text.find("loss")));
  std::size_t width = 0;
  for (std::string line; std::getline(lines, line);) {
    line.erase(std::remove(line.begin(), line.end(), '\xc2'), line.end());  // the first byte of ±
    width = width == 0 ? line.size() : width;
    EXPECT_EQ(line.size(), width) << line;
  }
  EXPECT_LE(width, 120U);
  EXPECT_THAT(text, HasSubstr("70.78 ± 0.94 (2)"));
  table.reduced = {"5 of 400 epochs a block", "probe of 1 of 200 epochs"};
  std::istringstream head(to_text(table));
  for (std::string line; std::getline(head, line);) EXPECT_LE(line.size(), 122U) << line;
  EXPECT_THAT(to_csv(table), HasSubstr("\"5 negatives, block\""));
}

}  // namespace
}  // namespace biossl
