// A run that goes on where its newest checkpoints are damaged, or where other things are called like one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "biossl/core/atomic_file.h"
#include "biossl/core/file.h"
#include "biossl/training/pretraining.h"
#include "biossl/training/trainer.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny.h"

namespace biossl {
namespace {

using testing::final_checkpoint;
using ::testing::HasSubstr;
using testing::here;
using testing::StoppingReporter;
using testing::tiny_recipe;

class DamagedCheckpoints : public ::testing::Test {
 protected:
  void SetUp() override {
    StoppingReporter stopping(7);
    EXPECT_THROW(pretrain(recipe_, here, folder_.path() / "run", false, stopping), Interrupted);
  }
  std::filesystem::path in_run(const std::string& name) const { return folder_.path() / "run" / "checkpoints" / name; }
  /// Goes on to the end. Returns the names of the checkpoints that there are then.
  std::vector<std::string> go_on() {
    const RunDirectory run = pretrain(recipe_, here, folder_.path() / "run", true, reporter_);
    std::vector<std::string> names;
    for (const auto& path : list_checkpoints(run.checkpoints())) names.push_back(path.filename().string());
    return names;
  }

  testing::TemporaryFolder folder_;
  Recipe recipe_ = tiny_recipe({{"train.keep_checkpoints", "1"}});
  StoppingReporter reporter_;
};

TEST_F(DamagedCheckpoints, DoNotTakeThePlaceOfThoseThatAreWritten) {
  write_file(in_run("epoch_0009.safetensors"), "torn");
  EXPECT_THAT(go_on(), ::testing::ElementsAre("epoch_0003.safetensors"));
  EXPECT_EQ(read_file(in_run("epoch_0009.safetensors.damaged")), "torn");
  EXPECT_THAT(reporter_.notes, HasSubstr("epoch_0009.safetensors.damaged from now on"));
  Reporter quiet;
  const RunDirectory whole = pretrain(recipe_, here, folder_.path() / "whole", false, quiet);
  EXPECT_EQ(final_checkpoint(RunDirectory::open(folder_.path() / "run")), final_checkpoint(whole));
}

TEST_F(DamagedCheckpoints, AFolderOfThatNameIsLeftAlone) {
  std::filesystem::create_directories(in_run("epoch_0000.safetensors") / "mine");
  EXPECT_THAT(go_on(), ::testing::ElementsAre("epoch_0003.safetensors"));
  EXPECT_TRUE(std::filesystem::exists(in_run("epoch_0000.safetensors") / "mine"));
}

}  // namespace
}  // namespace biossl
