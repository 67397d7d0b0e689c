#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "biossl/core/atomic_file.h"
#include "biossl/core/file.h"
#include "biossl/runs/checkpoint.h"
#include "tests/support/temporary_folder.h"

// Which files of a folder are checkpoints, and which of them stay.

namespace biossl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CheckpointFolder : public ::testing::Test {
 protected:
  std::filesystem::path file(const std::string& name) const { return folder_.path() / (name + ".safetensors"); }
  void write_torn(const std::string& name) const { write_file(file(name), "torn"); }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& path : list_checkpoints(folder_.path())) names.push_back(path.stem().string());
    return names;
  }

  testing::TemporaryFolder folder_;
};

TEST_F(CheckpointFolder, TheOneJustWrittenStaysWhateverElseIsThere) {
  for (const char* name : {"epoch_0001", "epoch_0002", "epoch_0003_batch_000002", "epoch_0003", "epoch_0004",
                           "epoch_0004_batch_000001", "epoch_0009"}) {
    write_torn(name);
  }
  prune_checkpoints(file("epoch_0004"), 3);
  EXPECT_THAT(names(), ElementsAre("epoch_0009", "epoch_0004_batch_000001", "epoch_0004", "epoch_0003_batch_000002",
                                   "epoch_0003"));
  prune_checkpoints(file("epoch_0004"), 1);
  EXPECT_THAT(names(), ElementsAre("epoch_0009", "epoch_0004_batch_000001", "epoch_0004"));
}

TEST_F(CheckpointFolder, AFolderIsNoCheckpoint) {
  std::filesystem::create_directories(file("epoch_0000") / "mine");
  std::filesystem::create_directories(file("epoch_0007") / "mine");
  write_torn("epoch_0001");
  write_torn("epoch_0002");
  EXPECT_THAT(names(), ElementsAre("epoch_0002", "epoch_0001"));
  EXPECT_NO_THROW(prune_checkpoints(file("epoch_0002"), 1));
  EXPECT_THAT(names(), ElementsAre("epoch_0002"));
  EXPECT_TRUE(std::filesystem::exists(file("epoch_0000") / "mine"));
}

TEST_F(CheckpointFolder, DamagedOnesThatAreNewerThanAWholeOneAreSetAside) {
  for (const char* name : {"epoch_0002", "epoch_0008", "epoch_0009"}) write_torn(name);
  write_safetensors(file("epoch_0003"), {}, {{"format", "of another program"}});
  std::vector<std::string> notes;
  set_damaged_aside(folder_.path(), [&](std::string_view line) { notes.emplace_back(line); });
  EXPECT_THAT(names(), ElementsAre("epoch_0003", "epoch_0002"));
  EXPECT_THAT(notes, ElementsAre(HasSubstr("epoch_0009.safetensors is called epoch_0009.safetensors.damaged from now"),
                                 HasSubstr("epoch_0008.safetensors.damaged")));
  EXPECT_EQ(read_file(folder_.path() / "epoch_0009.safetensors.damaged"), "torn");
}

}  // namespace
}  // namespace biossl
