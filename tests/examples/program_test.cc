#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "biossl/core/file.h"
#include "tests/support/paths.h"
#include "tests/support/process.h"
#include "tests/support/temporary_folder.h"

// What docs/extending.md promises of a program built with examples/.

namespace biossl {
namespace {

using ::testing::HasSubstr;
using testing::Outcome;
using testing::Process;

const std::string recipe = std::string(testing::paths::source) + "/examples/extended.toml";

TEST(ProgramWithExamples, ListsAndDescribesThem) {
  const testing::TemporaryFolder folder;
  const Outcome listed = Process(testing::paths::with_examples, folder.path(), {"list"}).wait();
  for (const char* name : {"triplet", "cyclic", "noisy_transpose"}) EXPECT_THAT(listed.out, HasSubstr(name));
  EXPECT_THAT(Process(testing::paths::with_examples, folder.path(), {"list", "triplet"}).wait().out,
              HasSubstr("margin = 1"));
  const Outcome described = Process(testing::paths::with_examples, folder.path(), {"describe", recipe}).wait();
  EXPECT_THAT(described.out, HasSubstr("loss triplet, rule cyclic, feedback noisy_transpose"));
  EXPECT_THAT(described.out, HasSubstr("a noisy reading of the forward weights"));
}

/// Five steps of a recipe in the folder `out`.
Outcome run_briefly(const std::filesystem::path& from, const testing::TemporaryFolder& folder, const std::string& out) {
  std::vector<std::string> arguments{"run", from.string(), "--out", out};
  for (const char* setting : {"data.images=40", "data.probe_images=40", "data.test_images=20", "data.image_size=12",
                              "train.batch=8", "train.epochs=1", "probe.epochs=1"}) {
    arguments.insert(arguments.end(), {"--set", setting});
  }
  return Process(testing::paths::with_examples, folder.path(), arguments).wait();
}

TEST(ProgramWithExamples, RunsThem) {
  const testing::TemporaryFolder folder;
  const std::string out = (folder.path() / "run").string();
  const Outcome ran = run_briefly(recipe, folder, out);
  ASSERT_EQ(ran.code, 0) << ran.error;
  const auto layers = nlohmann::json::parse(read_file(out + "/summary.json"))["layers"];
  ASSERT_EQ(layers.size(), 6U);
  for (const auto& layer : layers) EXPECT_EQ(layer["feedback"], "noisy_transpose");
}

TEST(ProgramWithExamples, DescribesAndRunsEveryRecipeBesideThem) {
  const testing::TemporaryFolder folder;
  int run = 0;
  for (const auto& file : std::filesystem::directory_iterator(std::string(testing::paths::source) + "/examples")) {
    if (file.path().extension() != ".toml") continue;
    const std::string name = file.path().stem().string();
    const Outcome described =
        Process(testing::paths::with_examples, folder.path(), {"describe", file.path().string()}).wait();
    EXPECT_EQ(described.code, 0) << name << ": " << described.error;
    EXPECT_THAT(described.out, HasSubstr("biological plausibility")) << name;
    const Outcome ran = run_briefly(file.path(), folder, (folder.path() / name).string());
    EXPECT_EQ(ran.code, 0) << name << ": " << ran.error;
    EXPECT_THAT(ran.out, HasSubstr("trained encoder")) << name;
    ++run;
  }
  EXPECT_GE(run, 8);
}

TEST(ProgramWithExamples, TheProgramWithoutThemSaysSo) {
  if (!std::string(BIOSSL_EXTENSIONS).empty()) GTEST_SKIP() << "this program was built with " << BIOSSL_EXTENSIONS;
  const testing::TemporaryFolder folder;
  const Outcome refused = Process(testing::paths::program, folder.path(), {"describe", recipe}).wait();
  EXPECT_EQ(refused.code, 3);
  EXPECT_THAT(refused.error, HasSubstr("there is no loss 'triplet'"));
}

}  // namespace
}  // namespace biossl
