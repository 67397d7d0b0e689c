#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "biossl/core/file.h"
#include "tests/support/process.h"
#include "tests/support/temporary_folder.h"

// What docs/extending.md promises of a program built with examples/.

namespace biossl {
namespace {

using ::testing::HasSubstr;
using testing::Outcome;
using testing::Process;

const std::string recipe = std::string(BIOSSL_SOURCE_DIR) + "/examples/extended.toml";

TEST(ProgramWithExamples, ListsAndDescribesThem) {
  const testing::TemporaryFolder folder;
  const Outcome listed = Process(BIOSSL_WITH_EXAMPLES, folder.path(), {"list"}).wait();
  for (const char* name : {"triplet", "cyclic", "noisy_transpose"}) EXPECT_THAT(listed.out, HasSubstr(name));
  EXPECT_THAT(Process(BIOSSL_WITH_EXAMPLES, folder.path(), {"list", "triplet"}).wait().out, HasSubstr("margin = 1"));
  const Outcome described = Process(BIOSSL_WITH_EXAMPLES, folder.path(), {"describe", recipe}).wait();
  EXPECT_THAT(described.out, HasSubstr("loss triplet, rule cyclic, feedback noisy_transpose"));
  EXPECT_THAT(described.out, HasSubstr("a noisy reading of the forward weights"));
}

TEST(ProgramWithExamples, RunsThem) {
  const testing::TemporaryFolder folder;
  const std::string out = (folder.path() / "run").string();
  const std::vector<std::string> small{"run",   recipe,           "--out", out,
                                       "--set", "data.images=40", "--set", "data.probe_images=40",
                                       "--set", "train.batch=8",  "--set", "data.test_images=20",
                                       "--set", "train.epochs=1", "--set", "data.image_size=12",
                                       "--set", "probe.epochs=1"};
  const Outcome ran = Process(BIOSSL_WITH_EXAMPLES, folder.path(), small).wait();
  ASSERT_EQ(ran.code, 0) << ran.error;
  const auto layers = nlohmann::json::parse(read_file(out + "/summary.json"))["layers"];
  ASSERT_EQ(layers.size(), 6U);
  for (const auto& layer : layers) EXPECT_EQ(layer["feedback"], "noisy_transpose");
}

TEST(ProgramWithExamples, TheProgramWithoutThemSaysSo) {
  if (!std::string(BIOSSL_EXTENSIONS).empty()) GTEST_SKIP() << "this program was built with " << BIOSSL_EXTENSIONS;
  const testing::TemporaryFolder folder;
  const Outcome refused = Process(BIOSSL_PROGRAM, folder.path(), {"describe", recipe}).wait();
  EXPECT_EQ(refused.code, 3);
  EXPECT_THAT(refused.error, HasSubstr("there is no loss 'triplet'"));
}

}  // namespace
}  // namespace biossl
