#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "biossl/core/atomic_file.h"
#include "biossl/core/file.h"
#include "biossl/core/text.h"
#include "biossl/reproduction/reproduction.h"
#include "biossl/reproduction/table_writer.h"
#include "tests/support/message_of.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny.h"

// Tables of recipes of one's own: folders without published numbers.

namespace biossl {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

class OwnTables : public ::testing::Test {
 protected:
  std::string folder(const std::string& name) const { return (folder_.path() / name).string(); }
  void write_recipe(const std::string& table, const std::string& name, const std::string& above = "") const {
    std::filesystem::create_directories(folder(table));
    write_file(folder(table) + "/" + name + ".toml", above + testing::tiny_recipe_text());
  }
  Reproduction plan(const std::vector<std::string>& tables) const {
    ReproductionRequest request;
    request.tables.clear();
    for (const std::string& table : tables) request.tables.push_back(folder(table));
    request.epochs = 1;
    request.out = folder("out");
    return plan_reproduction(request, Device::cpu);
  }
  std::string read(const std::string& name) const { return read_file(folder("out/" + name)); }

  testing::TemporaryFolder folder_;
  Reporter quiet_;
};

std::vector<std::string> names(const Reproduction& plan) {
  std::vector<std::string> names;
  for (const ReproductionRow& row : plan.rows) names.push_back(row.recipe.name);
  return names;
}

TEST_F(OwnTables, RowsAreCalledAsTheirRecipesAre) {
  write_recipe("mine", "slow");
  write_recipe("mine", "small|batches");
  const Reproduction mine = plan({"mine"});
  ASSERT_EQ(reproduce(mine, testing::here, quiet_), 0);
  const auto both = AllOf(HasSubstr("slow"), HasSubstr("batches"), Not(HasSubstr("published")), Not(HasSubstr("diff")));
  EXPECT_THAT(to_text(collect(mine)), both);
  EXPECT_THAT(read("table.md"), both);
  EXPECT_THAT(read("table.md"), HasSubstr("| small\\|batches | hinge |"));
  EXPECT_THAT(read("table.csv"), AllOf(HasSubstr("\nslow,"), HasSubstr("\nsmall|batches,")));
  EXPECT_EQ(Json::parse(read("table.json"))["rows"][1]["name"], "small|batches");
}

TEST_F(OwnTables, RecipesOfOneNameAreToldApartByTheirFolders) {
  write_recipe("old", "slow");
  write_recipe("new", "slow", "name = \"quick\"\n");
  write_recipe("new", "other", "name = \"quick\"\n");
  const Reproduction both = plan({"old", "new"});
  EXPECT_EQ(names(both), (std::vector<std::string>{"old-slow", "other", "new-slow"}));
  ASSERT_EQ(reproduce(both, testing::here, quiet_), 0);
  EXPECT_TRUE(std::filesystem::exists(folder("out/old-slow-seed1/summary.json")));
  EXPECT_TRUE(std::filesystem::exists(folder("out/new-slow-seed1/summary.json")));
  EXPECT_THAT(to_text(collect(both)), AllOf(HasSubstr("old-slow"), HasSubstr("new-slow")));
}

TEST_F(OwnTables, WhatNothingTellsApartIsRefused) {
  write_recipe("a/mine", "slow");
  write_recipe("b/mine", "slow");
  EXPECT_THAT(testing::message_of<std::invalid_argument>([&] {
                plan({"a/mine", "b/mine"});
              }),
              HasSubstr("two recipes are called 'mine-slow'"));
}

TEST_F(OwnTables, NamesThatAreNoUtf8AreMadeSo) {
  write_recipe("caf\xE9", "caf\xE9");
  const Reproduction mine = plan({"caf\xE9"});
  EXPECT_EQ(mine.name, "caf\xEF\xBF\xBD");
  ASSERT_EQ(reproduce(mine, testing::here, quiet_), 0);
  for (const char* file : {"table.md", "table.csv", "table.json", "caf\xEF\xBF\xBD-seed1/recipe.toml"}) {
    EXPECT_TRUE(is_utf8(read(file))) << file;
  }
}

TEST_F(OwnTables, ChanceIsThatOfTheImagesThatWereTestedOn) {
  write_recipe("mine", "three");
  write_recipe("mine", "two");
  Reproduction mine = plan({"mine"});
  mine.rows[0].recipe.data.test_images = 3;  // a third each
  mine.rows[1].recipe.data.test_images = 4;  // two of four are red
  ASSERT_EQ(reproduce(mine, testing::here, quiet_), 0);
  EXPECT_THAT(to_text(collect(mine)), AllOf(HasSubstr("33.33"), HasSubstr("50.00")));
  const Json rows = Json::parse(read("table.json"))["rows"];
  EXPECT_NEAR(rows[0]["chance"], 100.0 / 3, 1e-9);
  EXPECT_EQ(rows[1]["chance"], 50.0);
  EXPECT_EQ(rows[1]["runs"][0]["chance"], 50.0);
}

}  // namespace
}  // namespace biossl
