#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "biossl/core/file.h"
#include "biossl/runs/checkpoint.h"
#include "tests/cli/program.h"
#include "tests/support/paths.h"

// Every wish to stop leaves a checkpoint, whichever signal tells it.

namespace biossl {
namespace {

using testing::expect_one_line;
using ::testing::HasSubstr;
using testing::Outcome;
using testing::Process;

class Stopping : public testing::Program {
 protected:
  std::vector<std::string> long_run() const {
    return {"pretrain",  recipe_,
            "--out",     in("run"),
            "--threads", "1",
            "--set",     "train.epochs=1000000",
            "--set",     "train.checkpoint_every=0"};
  }
  std::size_t checkpoints() const { return list_checkpoints(in("run/checkpoints")).size(); }
};

class StoppedBy : public Stopping, public ::testing::WithParamInterface<int> {};

TEST_P(StoppedBy, WritesACheckpoint) {
  const Process process(testing::paths::program, folder_.path(), long_run());
  ASSERT_TRUE(testing::wait_for_metrics(in("run/metrics.jsonl")));
  process.kill(GetParam());
  expect_one_line(process.wait(), 128 + GetParam(), "biossl pretrain --resume --out " + in("run"));
  EXPECT_EQ(checkpoints(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Signals, StoppedBy, ::testing::Values(SIGHUP, SIGTERM, SIGXCPU, SIGUSR1, SIGUSR2));

TEST_F(Stopping, ShowsItsNameToWhoLooksForTheProcess) {
  const Outcome outcome = shell(
      "cd \"$1\"; env -u OMP_WAIT_POLICY \"$0\" pretrain small.toml --out run --set train.epochs=1000000 & "
      "until [ -s run/metrics.jsonl ] || ! kill -0 $!; do sleep 0.1; done; cat /proc/$!/comm >&2; kill $!; wait");
  EXPECT_THAT(outcome.error, ::testing::StartsWith("biossl\n"));
}

TEST_F(Stopping, ATerminalThatClosesMaySayItTwice) {
  const Process process(testing::paths::program, folder_.path(), long_run());
  ASSERT_TRUE(testing::wait_for_metrics(in("run/metrics.jsonl")));
  for (const int signal : {SIGHUP, SIGHUP, SIGTERM, SIGHUP}) process.kill(signal);
  const Outcome stopped = process.wait();
  EXPECT_THAT(stopped.code, ::testing::AnyOf(128 + SIGHUP, 128 + SIGTERM)) << stopped.error;
  EXPECT_EQ(checkpoints(), 1U);
}

TEST_F(Stopping, WhatWasIgnoredAtTheStartIsIgnoredStill) {
  std::vector<std::string> words{"-c", "trap '' HUP; exec \"$0\" \"$@\"", testing::paths::program};
  for (const std::string& word : long_run()) words.push_back(word);
  const Process process("/bin/sh", folder_.path(), words);
  ASSERT_TRUE(testing::wait_for_metrics(in("run/metrics.jsonl")));
  process.kill(SIGHUP);
  std::filesystem::remove(in("run/metrics.jsonl"));
  ASSERT_TRUE(testing::wait_for_metrics(in("run/metrics.jsonl"))) << "the run has stopped";
  process.kill(SIGTERM);
  EXPECT_EQ(process.wait().code, 128 + SIGTERM);
}

TEST_F(Stopping, AReaderThatGoesAwayIsAWishToStop) {
  const Outcome piped = shell(
      "cd \"$1\"; { \"$0\" pretrain small.toml --out run --set train.epochs=1000000; echo $? > code; } | head -n 2");
  EXPECT_EQ(read_file(in("code")), "141\n");
  EXPECT_THAT(piped.error,
              HasSubstr(std::string("go on with: ") + testing::paths::program + " pretrain --resume --out run"));
  EXPECT_EQ(checkpoints(), 1U);
}

TEST_F(Stopping, AFileThatMayNotGrowLeavesTheOldCheckpoint) {
  ASSERT_EQ(run({"pretrain", recipe_, "--out", in("run")}).code, 0);
  const auto before = list_checkpoints(in("run/checkpoints"));
  std::filesystem::remove(before.at(0));  // of epoch 3
  // The checkpoint takes more than the 512 bytes that `ulimit -f 1` allows.
  expect_one_line(shell("ulimit -f 1; exec \"$0\" pretrain --resume --out \"$1/run\""), 1,
                  std::string("cannot be written (File too large); once it can, go on with: ") +
                      testing::paths::program + " pretrain --resume");
  EXPECT_EQ(list_checkpoints(in("run/checkpoints")), (std::vector{before.at(1)}));
  for (const auto& left : std::filesystem::directory_iterator(in("run/checkpoints"))) EXPECT_EQ(left, before.at(1));
}

}  // namespace
}  // namespace biossl
