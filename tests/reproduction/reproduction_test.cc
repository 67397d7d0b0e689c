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
using testing::StoppingReporter;
using Json = nlohmann::json;

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

}  // namespace
}  // namespace biossl
