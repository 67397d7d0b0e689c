#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/paths.h"
#include "tests/support/process.h"
#include "tests/support/temporary_folder.h"

// `biossl bench` from outside, at sizes that take no time.

namespace biossl {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

class Bench : public ::testing::Test {
 protected:
  testing::Outcome run(const std::vector<std::string>& arguments) const {
    std::vector<std::string> words{"bench"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    return testing::Process(testing::paths::program, folder_.path(), words).wait();
  }
  /// What is printed without --json, and what with it.
  std::pair<std::string, Json> both(std::vector<std::string> arguments) const {
    for (const char* word : {"--threads", "2", "--set", "train.batch=4"}) arguments.emplace_back(word);
    const testing::Outcome table = run(arguments);
    EXPECT_EQ(table.code, 0) << table.error;
    arguments.emplace_back("--json");
    const testing::Outcome json = run(arguments);
    EXPECT_EQ(json.code, 0) << json.error;
    EXPECT_EQ(std::ranges::count(json.out, '\n'), 1) << json.out;
    return {table.out, Json::parse(json.out)};
  }

  testing::TemporaryFolder folder_;
};

TEST_F(Bench, HelpTeaches) {
  for (const char* command : {"step", "views", "loss", "probe", "memory"}) {
    EXPECT_THAT(run({"--help"}).out, HasSubstr(command));
    const testing::Outcome help = run({command, "--help"});
    EXPECT_EQ(help.code, 0);
    EXPECT_THAT(help.out, HasSubstr(std::string("  biossl bench ") + command)) << "an example";
  }
}

TEST_F(Bench, Step) {
  const auto [table, json] = both({"step", "--repeat", "1"});
  EXPECT_THAT(table, HasSubstr("times the floor"));
  for (const char* key :
       {"step_ms", "conv_floor_ms", "ratio", "images_per_second", "views_ms", "loss_ms", "optimizer_ms"}) {
    EXPECT_GT(json[key].get<double>(), 0.0) << key;
  }
  EXPECT_TRUE(json["precision"] == "float32" || json["precision"] == "bfloat16") << json["precision"];
  EXPECT_EQ(json["threads"], 2);
  EXPECT_EQ(json["rule"], "e2e");
}

TEST_F(Bench, StepScaling) {
  const auto [table, json] = both({"step", "--scaling", "--repeat", "1"});
  EXPECT_THAT(table, HasSubstr("efficiency"));
  ASSERT_EQ(json["scaling"].size(), 2U);
  EXPECT_EQ(json["scaling"][0]["efficiency"], 1.0);
  EXPECT_EQ(json["scaling"][1]["threads"], 2);
}

TEST_F(Bench, Views) {
  const auto [table, json] = both({"views", "--repeat", "1"});
  EXPECT_THAT(table, HasSubstr("the recipe's are moments"));
  EXPECT_EQ(json["views"].size(), 8U);
  EXPECT_GT(json["views"][0]["floor_ms"].get<double>(), 0.0);
}

TEST_F(Bench, Loss) {
  const auto [table, json] = both({"loss", "--repeat", "1", "--features", "8"});
  EXPECT_THAT(table, HasSubstr("block_gradient=false negatives=all"));
  EXPECT_EQ(json["losses"].size(), 9U);
  for (const Json& loss : json["losses"]) {
    const bool predicts = loss["kind"] == "clapp_patches";  // five vectors of 512 numbers and their target
    EXPECT_EQ(loss["features"], loss["kind"] == "clapp" ? 8192 : predicts ? 6 * 512 : 8);
  }
}

TEST_F(Bench, Probe) {
  const auto [table, json] = both({"probe", "--images", "40", "--features", "6", "--set", "probe.epochs=7"});
  EXPECT_THAT(table, HasSubstr("40 images of 6 features"));
  EXPECT_EQ(json["epochs"], 7);
  EXPECT_GE(json["total_seconds"].get<double>(), 7 * json["epoch_seconds"].get<double>());
  EXPECT_EQ(run({"probe", "--images", "0"}).code, 2);
}

TEST_F(Bench, Memory) {
  const auto [table, json] = both({"memory", "--rules", "e2e,gll", "--depths", "2,6", "--channels", "3", "--size", "8",
                                   "--set", "train.precision=float32"});
  EXPECT_THAT(table, HasSubstr("3 channels on 8x8 maps"));
  const Json& rows = json["memory"];
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[3]["rule"], "gll");
  EXPECT_EQ(rows[3]["depth"], 6);
  EXPECT_GT(rows[1]["activity_bytes"].get<std::int64_t>(), rows[0]["activity_bytes"].get<std::int64_t>());
  EXPECT_EQ(rows[3]["activity_bytes"], rows[2]["activity_bytes"]);
  EXPECT_EQ(run({"memory", "--rules", "greedy"}).code, 3);
}

}  // namespace
}  // namespace biossl
