#include "biossl/reproduction/reproduction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "biossl/core/atomic_file.h"
#include "biossl/core/error.h"
#include "biossl/core/file.h"
#include "biossl/reproduction/reproduction_forecast.h"
#include "biossl/reproduction/table_writer.h"
#include "biossl/training/experiment.h"
#include "biossl/training/pretraining.h"
#include "biossl/training/probing.h"
#include "biossl/training/results.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny.h"

namespace biossl {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::here;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::StoppingReporter;
using testing::TemporaryFolder;
using Json = nlohmann::json;

/// A folder with a table of three tiny recipes, two of them published: tiny_b stands before tiny_a.
class Reproducing : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(recipes());
    write_recipe("tiny_a", "[published]\naccuracy = 50\nsource = \"Someone (1999)\"\nsetting = \"all\"\nplace = 2\n");
    write_recipe("tiny_b", "[published]\naccuracy = 40.5\nsource = \"Someone (1999)\"\nsetting = \"few\"\nplace = 1\n");
    write_recipe("other", "");
  }

  std::filesystem::path recipes() const { return folder_.path() / "tiny_table"; }
  std::filesystem::path out() const { return folder_.path() / "out"; }
  std::filesystem::path run_of(const std::string& name) const { return out() / name; }
  void write_recipe(const std::string& name, const std::string& more) const {
    write_file(recipes() / (name + ".toml"), testing::tiny_recipe_text() + more);
  }

  ReproductionRequest request(std::vector<std::string> rows = {}, std::int64_t seeds = 1) const {
    return {.tables = {recipes().string()},
            .rows = std::move(rows),
            .changes = {},
            .epochs = {},
            .seeds = seeds,
            .out = out()};
  }
  static Reproduction plan(const ReproductionRequest& request) { return plan_reproduction(request, Device::cpu); }
  /// Reproduces and returns how many runs failed.
  std::int64_t run(const ReproductionRequest& request) { return reproduce(plan(request), here, quiet_); }
  Json table() const { return Json::parse(read_file(out() / "table.json")); }

  template <class Fault>
  static std::string fault(const ReproductionRequest& request) {
    try {
      plan(request);
    } catch (const Fault& found) {
      return found.what();
    }
    ADD_FAILURE() << "was accepted";
    return "";
  }

  TemporaryFolder folder_;
  Reporter quiet_;
};

std::vector<std::string> names(const std::vector<ReproductionRun>& runs) {
  std::vector<std::string> names;
  for (const ReproductionRun& run : runs) names.push_back(run.directory.filename());
  return names;
}

std::vector<double> losses(const std::filesystem::path& run) {
  std::vector<double> losses;
  for (const EpochMetrics& epoch : RunDirectory::open(run).metrics()) losses.push_back(epoch.loss);
  return losses;
}

TEST_F(Reproducing, RunsWhatIsMissingSeedBySeedAndSkipsWhatIsFinished) {
  const ReproductionRequest two_rows = request({"tiny_b", "tiny_*"}, 2);
  EXPECT_THAT(names(plan(two_rows).missing()),
              ElementsAre("tiny_b-seed1", "tiny_a-seed1", "tiny_b-seed2", "tiny_a-seed2"));
  EXPECT_FALSE(std::filesystem::exists(out())) << "planning touches nothing";
  EXPECT_EQ(run(two_rows), 0);
  EXPECT_THAT(plan(two_rows).missing(), IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(run_of("other-seed1"))) << "was not asked for";

  const auto written = std::filesystem::last_write_time(run_of("tiny_a-seed1/summary.json"));
  StoppingReporter told;
  EXPECT_EQ(reproduce(plan(request()), here, told), 0);
  EXPECT_EQ(std::filesystem::last_write_time(run_of("tiny_a-seed1/summary.json")), written);
  EXPECT_THAT(told.notes, AllOf(HasSubstr("run 1 of 1: other, seed 1"), Not(HasSubstr("tiny"))));
}

TEST_F(Reproducing, ARunIsTheOneThatItsRecipeAndSeedMakeAlone) {
  run(request({"tiny_a"}, 2));
  const Recipe recipe = parse_recipe(testing::tiny_recipe_text(), "tiny_a.toml", {{"seed", "2"}});
  pretrain(recipe, here, folder_.path() / "alone", false, quiet_);
  EXPECT_EQ(losses(run_of("tiny_a-seed2")), losses(folder_.path() / "alone"));
  EXPECT_NE(losses(run_of("tiny_a-seed2")), losses(run_of("tiny_a-seed1")));
}

TEST_F(Reproducing, WhatWasStoppedGoesOn) {
  StoppingReporter stopping(15 + 7);  // batches: the first run's and one epoch and two batches of the second
  EXPECT_THROW(reproduce(plan(request({"tiny_a", "tiny_b"})), here, stopping), Interrupted);
  const Json stopped = table();
  EXPECT_EQ(stopped["rows"][1]["runs"][0]["state"], "finished");
  EXPECT_EQ(stopped["rows"][0]["name"], "tiny_b");
  EXPECT_EQ(stopped["rows"][0]["runs"][0]["state"], "begun");
  EXPECT_EQ(stopped["rows"][0]["runs"][0]["epoch"], 1);
  EXPECT_TRUE(stopped["rows"][0]["ours"]["mean"].is_null());
  EXPECT_THAT(read_file(out() / "table.md"), HasSubstr("at epoch 1 of 3"));

  StoppingReporter told;
  reproduce(plan(request({"tiny_a", "tiny_b"})), here, told);
  EXPECT_THAT(told.notes, AllOf(HasSubstr("run 1 of 1: tiny_b"), HasSubstr("going on from")));
  const Recipe recipe = parse_recipe(testing::tiny_recipe_text(), "tiny_b.toml", {{"seed", "1"}});
  pretrain(recipe, here, folder_.path() / "whole", false, quiet_);
  EXPECT_EQ(losses(run_of("tiny_b-seed1")), losses(folder_.path() / "whole"));
}

TEST_F(Reproducing, AFailureIsNotedAndTheOthersRunOn) {
  const std::string hinge = "kind = \"contrastive_hinge\"";
  std::string text = testing::tiny_recipe_text();
  text.replace(text.find(hinge), hinge.size(), "kind = \"failing\"\ngood_batches = 7");
  write_file(recipes() / "a_bad_one.toml", text);
  EXPECT_EQ(run(request()), 1);
  const Json rows = table()["rows"];
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[2]["name"], "a_bad_one");
  EXPECT_EQ(rows[2]["runs"][0]["state"], "failed");
  EXPECT_THAT(rows[2]["runs"][0]["failure"].get<std::string>(), HasSubstr("no longer finite"));
  for (const int finished : {0, 1, 3}) EXPECT_TRUE(rows[finished]["ours"]["mean"].is_number());
  for (const char* file : {"table.md", "table.csv"}) EXPECT_THAT(read_file(out() / file), HasSubstr("failed")) << file;
  EXPECT_THAT(to_text(collect(plan(request()))), HasSubstr("a_bad_one, seed 1: failed: the loss is no longer finite"));
  EXPECT_THAT(names(plan(request()).missing()), ElementsAre("a_bad_one-seed1")) << "the next call tries again";
  EXPECT_EQ(run(request()), 1);
}

TEST_F(Reproducing, AGlobThatMatchesNothingIsRefusedWithTheNames) {
  EXPECT_THAT(fault<std::invalid_argument>(request({"tiny_*", "huge_*"})),
              AllOf(HasSubstr("huge_*"), HasSubstr("other, tiny_a, tiny_b")));
  EXPECT_THAT(fault<std::invalid_argument>(request({}, 0)), HasSubstr("0 seeds"));
  ReproductionRequest unknown = request();
  unknown.tables = {"tabel1"};
  EXPECT_THAT(fault<std::invalid_argument>(unknown), HasSubstr("did you mean 'table1'?"));
  unknown.tables = {recipes().string(), recipes().string()};
  EXPECT_THAT(fault<std::invalid_argument>(unknown), HasSubstr("two recipes are called"));
  unknown.tables = {folder_.path().string()};
  EXPECT_THAT(fault<BadInput>(unknown), HasSubstr("no recipes"));
}

TEST_F(Reproducing, AnotherBudgetInTheSameDirectoryIsRefused) {
  run(request({"tiny_a"}));
  ReproductionRequest other = request({"tiny_b"});
  other.epochs = 2;
  EXPECT_THAT(fault<std::invalid_argument>(other),
              AllOf(HasSubstr("tiny_a-seed1"), HasSubstr("train.epochs = 3, not 2"), HasSubstr("--out")));
  other = request();
  other.changes = {{"probe.epochs", "1"}};
  EXPECT_THAT(fault<std::invalid_argument>(other), HasSubstr("probe.epochs = 2, not 1"));
  other.changes = {{"train.checkpoint_every", "2"}};
  EXPECT_NO_THROW(plan(other)) << "changes no result";
}

TEST_F(Reproducing, ARunBegunBeforeItsRecipeNamedThePublishedNumberGoesOn) {
  StoppingReporter stopping(7);
  const Recipe recipe = parse_recipe(testing::tiny_recipe_text(), "tiny_a.toml", {{"seed", "1"}});
  EXPECT_THROW(run_experiment(recipe, here, run_of("tiny_a-seed1"), false, stopping), Interrupted);
  EXPECT_EQ(run(request({"tiny_a"})), 0);
  EXPECT_EQ(read_recipe(run_of("tiny_a-seed1/recipe.toml")).published.value().accuracy, 50);
}

TEST_F(Reproducing, DamagedResultsMeanAnotherProbe) {
  run(request({"tiny_a"}));
  const Json good = Json::parse(read_file(run_of("tiny_a-seed1/summary.json")));
  Json other_seed = good;
  other_seed["seed"] = 7;
  Json impossible = good;
  impossible["probe"]["test_accuracy"] = 7;
  Json text = good;
  text["pretrain"]["seconds"] = "long";
  for (const std::string& hostile : {std::string("{"), std::string(), std::string("[]"), std::string("\xff\xfe"),
                                     other_seed.dump(), impossible.dump(), text.dump()}) {
    write_file(run_of("tiny_a-seed1/summary.json"), hostile);
    ASSERT_THAT(names(plan(request({"tiny_a"})).missing()), ElementsAre("tiny_a-seed1")) << hostile;
  }
  EXPECT_EQ(run(request({"tiny_a"})), 0);
  const Json again = Json::parse(read_file(run_of("tiny_a-seed1/summary.json")));
  EXPECT_EQ(again["probe"], good["probe"]);
}

TEST_F(Reproducing, AProbeOnTheWayIsNoResult) {
  StoppingReporter stopping(7);  // one epoch of three and two batches
  EXPECT_THROW(reproduce(plan(request({"tiny_a"})), here, stopping), Interrupted);
  const RunDirectory begun = RunDirectory::open(run_of("tiny_a-seed1"));
  const Recipe recipe = read_recipe(begun.recipe_file());
  const Checkpoint checkpoint = open_checkpoint(begun.path(), [](std::string_view) {});
  EpochMetrics second;
  second.epoch = 2;
  begun.add_metrics(second);  // as a kill between an epoch's line and its checkpoint leaves it
  write_results(begun, recipe, probe(checkpoint, recipe, here, quiet_));
  EXPECT_EQ(Json::parse(read_file(begun.summary_file()))["pretrain"]["epochs"], 1);
  ASSERT_THAT(names(plan(request({"tiny_a"})).missing()), ElementsAre("tiny_a-seed1"));

  StoppingReporter again(1);
  EXPECT_THROW(reproduce(plan(request({"tiny_a"})), here, again), Interrupted);
  EXPECT_FALSE(std::filesystem::exists(begun.summary_file())) << "its weights are gone";
  EXPECT_FALSE(std::filesystem::exists(begun.probe_file()));
  EXPECT_EQ(run(request({"tiny_a"})), 0);
  EXPECT_EQ(Json::parse(read_file(begun.summary_file()))["pretrain"]["epochs"], 3);
}

TEST_F(Reproducing, ANoteOfAFailureGoesWithWhatItTells) {
  const auto state = [&] { return plan(request()).runs(plan(request()).rows[1])[0].status(); };
  const Recipe recipe = parse_recipe(testing::tiny_recipe_text(), "tiny_a.toml", {{"seed", "1"}});
  std::filesystem::create_directories(out());
  note_failure(run_of("tiny_a-seed1"), "there was no folder yet");
  EXPECT_EQ(state().failure, "there was no folder yet");
  StoppingReporter stopping(7);
  EXPECT_THROW(run_experiment(recipe, here, run_of("tiny_a-seed1"), false, stopping), Interrupted);
  EXPECT_EQ(name_of(state().stage), "begun") << "somebody has begun it by hand";

  note_failure(run_of("tiny_a-seed1"), "bad luck");
  EXPECT_EQ(name_of(state().stage), "failed");
  run_experiment(recipe, here, run_of("tiny_a-seed1"), true, quiet_);  // by hand
  EXPECT_EQ(name_of(state().stage), "finished");
  EXPECT_EQ(state().failure, "");
  EXPECT_EQ(read_failure(run_of("tiny_a-seed1")), "");

  note_failure(run_of("tiny_a-seed1"), "bad luck again");
  EXPECT_EQ(state().failure, "") << "results count more";
  std::filesystem::remove_all(run_of("tiny_a-seed1"));
  EXPECT_EQ(name_of(state().stage), "to do");
  EXPECT_TRUE(std::filesystem::is_empty(out()));
}

TEST_F(Reproducing, FilesOfOtherSystemsInAFolderOfRecipesArePassedOver) {
  for (const char* name : {"._tiny_a.toml", ".DS_Store", "Thumbs.db", "desktop.ini", "tiny_a.toml~", "#tiny_a.toml#",
                           ".tiny_a.toml.swp", "tiny_a.toml.writing"}) {
    write_file(recipes() / name, std::string("\0\5\x16\7 no recipe", 14));
  }
  std::filesystem::create_symlink("somebody@somewhere:1", recipes() / ".#tiny_a.toml");
  std::filesystem::create_directories(recipes() / "old.toml");
  EXPECT_THAT(names(plan(request()).missing()), ElementsAre("other-seed1", "tiny_a-seed1", "tiny_b-seed1"));
}

TEST_F(Reproducing, LeftOversOfAKilledProcessAreRemoved) {
  StoppingReporter stopping(7);
  EXPECT_THROW(reproduce(plan(request({"tiny_a"})), here, stopping), Interrupted);
  const std::vector<std::filesystem::path> left_overs{
      out() / "table.md.writing", run_of("tiny_a-seed1/summary.json.writing"),
      run_of("tiny_a-seed1/checkpoints/epoch_0002.safetensors.writing")};
  for (const auto& left_over : left_overs) write_file(left_over, "half");
  EXPECT_EQ(run(request({"tiny_a"})), 0);
  for (const auto& left_over : left_overs) EXPECT_FALSE(std::filesystem::exists(left_over)) << left_over;
}

TEST_F(Reproducing, ChangesThatEveryRowMakesItselfAreRefused) {
  for (const char* key : {"seed", "name"}) {
    ReproductionRequest changed = request();
    changed.changes = {{key, "9"}};
    EXPECT_THAT(fault<std::invalid_argument>(changed), HasSubstr(key));
  }
}

TEST_F(Reproducing, OtherDamageIsToldOrSurvived) {
  run(request({"tiny_a"}));
  write_file(run_of("tiny_a-seed1/environment.json"), "{");
  EXPECT_THAT(to_text(collect(plan(request()))), HasSubstr("unknown machine"));
  write_file(run_of("tiny_b-seed1.failure.txt"), "\xff no text");
  EXPECT_THAT(to_text(collect(plan(request()))), HasSubstr("no text"));
  write_file(run_of("tiny_a-seed1/failure.txt"), "\xff old news");
  EXPECT_NO_THROW(to_json(collect(plan(request()))));
  EXPECT_THAT(plan(request({"tiny_a"})).missing(), IsEmpty()) << "results count more than an old failure";

  std::filesystem::create_directories(run_of("tiny_b-seed1"));
  EXPECT_THAT(fault<BadInput>(request()), AllOf(HasSubstr("tiny_b-seed1"), HasSubstr("remove")));
  std::filesystem::remove(run_of("tiny_b-seed1"));
  write_file(run_of("tiny_b-seed1"), "a file");
  EXPECT_THAT(fault<BadInput>(request()), HasSubstr("tiny_b-seed1"));
  std::filesystem::remove(run_of("tiny_b-seed1"));
  write_file(run_of("tiny_a-seed1/recipe.toml"), "[train\n");
  EXPECT_THAT(fault<BadInput>(request()), HasSubstr("remove"));
}

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

TEST_F(Reproducing, EpochsAreNotGivenToARecipeThatTrainsNothing) {
  std::string text = testing::tiny_recipe_text();
  text.replace(text.find("epochs = 3"), 10, "epochs = 0");
  write_file(recipes() / "untrained.toml", text);
  ReproductionRequest reduced = request({"untrained"});
  reduced.epochs = 2;
  run(reduced);
  EXPECT_EQ(table()["rows"][3]["epochs"], 0);
  reduced.epochs = {};
  reduced.changes = {{"train.epochs", "2"}};
  EXPECT_EQ(plan(reduced).rows[0].recipe.train.epochs, 0);
  EXPECT_FALSE(table()["rows"][3]["reduced"]);
  EXPECT_TRUE(table()["rows"][3]["ours"]["mean"].is_number());
}

TEST_F(Reproducing, MissingImagesAreToldBeforeAnythingRuns) {
  ReproductionRequest absent = request();
  absent.changes = {{"data.probe", "cifar10"}};
  EXPECT_THROW(run(absent), BadInput);
  EXPECT_FALSE(std::filesystem::exists(out()));
}

TEST_F(Reproducing, TheForecastKnowsWhatIsLeft) {
  run(request({"tiny_a"}));
  StoppingReporter stopping(7);
  EXPECT_THROW(reproduce(plan(request({"tiny_b"})), here, stopping), Interrupted);
  const Forecast whole = forecast(plan(request()), here, quiet_);
  ASSERT_EQ(whole.runs.size(), 3U);
  const ForecastRun& to_do = whole.runs[0];
  const ForecastRun& finished = whole.runs[1];
  const ForecastRun& begun = whole.runs[2];
  EXPECT_EQ(to_do.name, "other-seed1");
  EXPECT_GT(to_do.training_seconds, 0);
  EXPECT_GT(to_do.probe_seconds, 0);
  EXPECT_EQ(finished.training_seconds + finished.probe_seconds, 0);
  EXPECT_GT(begun.training_seconds, 0);
  EXPECT_THAT(to_text(whole), AllOf(HasSubstr("finished"), HasSubstr("goes on at epoch 1 of 3"), HasSubstr("to do"),
                                    HasSubstr("total")));
  EXPECT_FALSE(std::filesystem::exists(run_of("other-seed1"))) << "a forecast runs nothing";
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
