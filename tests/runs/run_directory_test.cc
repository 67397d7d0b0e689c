#include "biossl/runs/run_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "biossl/core/atomic_file.h"
#include "biossl/core/error.h"
#include "biossl/core/file.h"
#include "tests/support/message_of.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny.h"

namespace biossl {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::message_of;
using testing::tiny_recipe;

/// As long as it lives, this process writes no byte to a file, as on a full disk.
class FullDisk {
 public:
  FullDisk() : action_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit none = before_;
    none.rlim_cur = 0;
    setrlimit(RLIMIT_FSIZE, &none);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, action_);
  }

 private:
  void (*action_)(int);
  rlimit before_{};
};

class RunDirectoryTest : public ::testing::Test {
 protected:
  RunDirectory create() const { return RunDirectory::create(run_, tiny_recipe(), Device::cpu); }

  testing::TemporaryFolder folder_;
  fs::path run_ = folder_.path() / "runs" / "run";
};

constexpr const char* first_line =
    R"({"epoch": 1,  "loss":1.50,"loss_per_pair":1,"active_share":1,"learning_rate":0.01,"images":22,"seconds":1,)"
    R"("images_per_second":22,"of_a_later_version":{"a":[1,2]}})";

TEST_F(RunDirectoryTest, LinesOfMetricsThatStayAreNotWrittenAnew) {
  const RunDirectory run = create();
  std::string second = first_line;
  second.replace(second.find("1"), 1, "2");
  write_file(run_ / "metrics.jsonl", std::string(first_line) + "\n" + second + "\n" + "{\"epoch\":3,\"lo");
  run.cut_metrics(2);
  EXPECT_EQ(read_file(run_ / "metrics.jsonl"), std::string(first_line) + "\n" + second + "\n");
  run.cut_metrics(1);
  EXPECT_EQ(read_file(run_ / "metrics.jsonl"), std::string(first_line) + "\n");
  fs::remove(run_ / "metrics.jsonl");
  run.cut_metrics(1);
  EXPECT_FALSE(fs::exists(run_ / "metrics.jsonl"));
}

TEST_F(RunDirectoryTest, ALineOfMetricsHoldsEveryFieldThatThereIs) {
  const RunDirectory run = create();
  EpochMetrics metrics{.epoch = 1,
                       .stage = "",
                       .loss = 1.5,
                       .loss_per_pair = 0.25,
                       .active_share = 1,
                       .learning_rate = 0.01,
                       .images = 22,
                       .seconds = 2,
                       .images_per_second = 11};
  run.add_metrics(metrics);
  metrics.epoch = 2;
  metrics.stage = "block 0 of 0-1";
  metrics.health_seconds = 0.5;
  metrics.health.push_back({.block = 0, .of = "embedding", .dimensions = 4, .images = 8});
  metrics.health.push_back({.block = 1, .of = "output", .dimensions = 2, .images = 8, .saturated = 0.75});
  run.add_metrics(metrics);
  const std::string numbers =
      R"("loss":1.5,"loss_per_pair":0.25,"active_share":1.0,"learning_rate":0.01,"images":22,"seconds":2.0,)"
      R"("images_per_second":11.0)";
  const std::string measures =
      R"("deviation":0.0,"effective_rank":0.0,"participation":0.0,"positive_distance":0.0,"negative_distance":0.0,)"
      R"("dead":0.0)";
  EXPECT_EQ(read_file(run_ / "metrics.jsonl"),
            R"({"epoch":1,)" + numbers + "}\n" + R"({"epoch":2,"stage":"block 0 of 0-1",)" + numbers +
                R"(,"health_seconds":0.5,"health":[{"block":0,"of":"embedding","dimensions":4,"images":8,)" + measures +
                R"(},{"block":1,"of":"output","dimensions":2,"images":8,)" + measures + R"(,"saturated":0.75}]})" +
                "\n");
  const std::vector<EpochMetrics> lines = run.metrics();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].stage, "");
  EXPECT_TRUE(lines[0].health.empty());
  EXPECT_EQ(lines[1].stage, metrics.stage);
  EXPECT_EQ(lines[1].health_seconds, 0.5);
  ASSERT_EQ(lines[1].health.size(), 2U);
  EXPECT_EQ(lines[1].health[0].saturated, std::nullopt);
  EXPECT_EQ(lines[1].health[1].saturated, 0.75);
  EXPECT_EQ(lines[1].health[1].of, "output");
}

TEST_F(RunDirectoryTest, ALineThatLacksANumberIsDamaged) {
  const RunDirectory run = create();
  std::string line = first_line;
  line.replace(line.find("\"seconds\""), std::string("\"seconds\"").size(), "\"sixties\"");
  write_file(run_ / "metrics.jsonl", line + "\n" + first_line + "\n");
  EXPECT_EQ(run.metrics().size(), 1U);
}

TEST_F(RunDirectoryTest, FilesNestedDeeplyAreDamaged) {
  const RunDirectory run = create();
  const std::string nested = std::string(60'000, '[') + std::string(60'000, ']');
  write_file(run.environment_file(), "{\"cpu\":" + nested + "}");
  run.add_environment(tiny_recipe(), Device::cpu, 2);
  const auto environment = nlohmann::json::parse(read_file(run.environment_file()));
  EXPECT_FALSE(environment.contains("cpu"));
  EXPECT_EQ(environment.at("resumed").at(0).at("epoch"), 2);
  std::string line = first_line;
  line.replace(line.find("\"of_a"), std::string::npos, "\"health\":" + nested + "}");
  write_file(run_ / "metrics.jsonl", line + "\n" + first_line + "\n");
  EXPECT_EQ(run.metrics().size(), 1U);
}

TEST_F(RunDirectoryTest, ARunThatCannotBeBegunLeavesNothing) {
  const auto refusal = [&] {
    const FullDisk full;
    return message_of<WriteError>([&] { create(); });
  };
  EXPECT_THAT(refusal(), AllOf(HasSubstr("recipe.toml: cannot be written"), HasSubstr("File too large")));
  EXPECT_FALSE(fs::exists(run_));
  fs::create_directories(run_);
  EXPECT_THAT(refusal(), HasSubstr("recipe.toml"));
  EXPECT_TRUE(fs::is_empty(run_)) << "the folder itself was there before";
  EXPECT_NO_THROW(create());
  EXPECT_NO_THROW(RunDirectory::open(run_));
}

TEST_F(RunDirectoryTest, AFolderThatAKilledRunLeftBeforeItsRecipeIsFree) {
  fs::create_directories(run_ / "checkpoints");
  EXPECT_NO_THROW(RunDirectory::require_free(run_));
  write_file(run_ / "failure.txt", "killed\n");
  write_file(run_ / "recipe.toml.writing", "seed");
  EXPECT_NO_THROW(RunDirectory::require_free(run_));
  create();
  EXPECT_FALSE(fs::exists(run_ / "failure.txt") || fs::exists(run_ / "recipe.toml.writing"));
  EXPECT_THROW(RunDirectory::require_free(run_), std::invalid_argument);
}

TEST_F(RunDirectoryTest, AFolderWithAnythingOfSomebodysIsNotFree) {
  for (const char* name : {"mine", "recipe.toml", "checkpoints/epoch_0001.safetensors", "checkpoints.txt"}) {
    const fs::path path = folder_.path() / ("of " + fs::path(name).filename().string());
    fs::create_directories(path / "checkpoints");
    write_file(path / name, "x");
    EXPECT_THAT(message_of<std::invalid_argument>([&] { RunDirectory::create(path, tiny_recipe(), Device::cpu); }),
                HasSubstr("--resume"))
        << name;
    EXPECT_EQ(read_file(path / name), "x");
  }
  fs::create_directories(run_.parent_path() / "elsewhere");
  fs::create_directories(run_);
  fs::create_directory_symlink("../elsewhere", run_ / "checkpoints");
  EXPECT_THROW(RunDirectory::require_free(run_), std::invalid_argument);
}

TEST_F(RunDirectoryTest, ARecipeThatCouldNotBeReadAgainBeginsNoRun) {
  Recipe recipe = tiny_recipe();
  recipe.name = "a/b";
  EXPECT_THAT(message_of<BadInput>([&] { RunDirectory::create(run_, recipe, Device::cpu); }),
              AllOf(HasSubstr("recipe 'a/b' as it would be stored:1: "), HasSubstr("may hold no slash")));
  EXPECT_FALSE(fs::exists(run_));
}

}  // namespace
}  // namespace biossl
