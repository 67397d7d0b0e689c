#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "biossl/core/file.h"
#include "biossl/core/folder_lock.h"
#include "tests/cli/program.h"
#include "tests/support/paths.h"

// Two commands over one folder. The tests themselves are the other process, which holds its lock.

namespace biossl {
namespace {

using testing::expect_one_line;
using ::testing::HasSubstr;
using testing::Outcome;

constexpr const char* at_work = "another process is at work in it; try again when it has ended";

class InUseProgram : public testing::Program {};

TEST_F(InUseProgram, ARunIsWrittenByOneProcessAndReadByAny) {
  ASSERT_EQ(run({"run", recipe_, "--out", in("run")}).code, 0);
  const std::string summary = read_file(in("run/summary.json"));
  const FolderLock training(in("run"));
  for (const char* command : {"run", "pretrain"}) {
    expect_one_line(run({command, "--resume", "--out", in("run")}), 1, at_work);
  }
  expect_one_line(run({"probe", in("run")}), 1,
                  fmt::format("{}, or probe a checkpoint alone: {} probe {}", at_work, testing::paths::program,
                              in("run/checkpoints/epoch_0003.safetensors")));
  EXPECT_EQ(run({"probe", in("run/checkpoints/epoch_0003.safetensors")}).code, 0);
  EXPECT_EQ(run({"embed", in("run"), "--images", "7", "--out", in("x.npy")}).code, 0);
  EXPECT_EQ(read_file(in("run/summary.json")), summary);
}

TEST_F(InUseProgram, AReproductionIsMadeByOneProcess) {
  std::filesystem::create_directories(in("one"));
  std::filesystem::rename(recipe_, in("one/small.toml"));
  const std::vector<std::string> command{"reproduce", in("one"), "--out", in("out")};
  ASSERT_EQ(run(command).code, 0);
  std::filesystem::remove(in("out/table.md"));
  std::filesystem::remove_all(in("out/small-seed1"));
  const FolderLock reproducing(in("out"));
  expect_one_line(run(command), 1, at_work);
  EXPECT_FALSE(std::filesystem::exists(in("out/small-seed1")));
  std::vector<std::string> table = command;
  table.emplace_back("--table-only");
  const Outcome shown = run(table);
  EXPECT_EQ(shown.code, 0) << shown.error;
  EXPECT_THAT(shown.out, HasSubstr("to do"));
  EXPECT_FALSE(std::filesystem::exists(in("out/table.md"))) << "the other writes it";
}

TEST_F(InUseProgram, AReproductionPassesOverARunThatIsUnderWay) {
  std::filesystem::create_directories(in("two"));
  for (const char* name : {"one", "two"}) std::filesystem::copy_file(recipe_, in(std::string("two/") + name + ".toml"));
  ASSERT_EQ(run({"pretrain", in("two/one.toml"), "--out", in("out/one-seed1")}).code, 0);
  const FolderLock training(in("out/one-seed1"));
  for (const char* jobs : {"1", "2"}) {
    const Outcome ran = run({"reproduce", in("two"), "--out", in("out"), "--jobs", jobs});
    expect_one_line(ran, 1, "1 of the runs failed or were skipped");
    EXPECT_THAT(ran.out, HasSubstr("skipped"));
    EXPECT_FALSE(std::filesystem::exists(in("out/one-seed1/failure.txt"))) << "it has not failed";
    EXPECT_TRUE(std::filesystem::exists(in("out/two-seed1/summary.json")));
    std::filesystem::remove_all(in("out/two-seed1"));
  }
}

}  // namespace
}  // namespace biossl
