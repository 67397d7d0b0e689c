#include "biossl/reproduction/child_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

namespace biossl {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> shell(const std::string& script) { return {"/bin/sh", "-c", script}; }

std::vector<std::string> lines_of(ChildProcess& process) {
  std::vector<std::string> lines;
  while (process.read([&](std::string_view line) { lines.emplace_back(line); })) continue;
  return lines;
}

TEST(ChildProcess, ItsOutputComesLineByLineAndItsExitCodeAtTheEnd) {
  ChildProcess process(shell("echo one; echo two >&2; echo; printf three; exit 7"));
  EXPECT_THAT(lines_of(process), ElementsAre("one", "two", "", "three"));
  EXPECT_EQ(process.wait(), 7);
}

TEST(ChildProcess, ReadsWhatItIsGiven) {
  const std::string text(100'000, 'x');  // more than a pipe holds
  ChildProcess process({"/bin/sh", "-c", "wc -c"}, text);
  EXPECT_THAT(lines_of(process), ElementsAre("100000"));
  ChildProcess nothing(shell("cat; echo end"));
  EXPECT_THAT(lines_of(nothing), ElementsAre("end"));
}

TEST(ChildProcess, AProgramThatIsNotThereEndsAtOnce) {
  ChildProcess process({"/nowhere/at/all"});
  EXPECT_THAT(lines_of(process), ElementsAre());
  EXPECT_EQ(process.wait(), 127);
}

TEST(ChildProcess, IsSentSignals) {
  ChildProcess deaf(shell("trap 'echo heard; exit 3' TERM; echo ready; while :; do sleep 0.01; done"));
  std::vector<std::string> lines;
  const auto keep = [&](std::string_view line) { lines.emplace_back(line); };
  while (lines.empty()) deaf.read(keep);
  deaf.send(SIGTERM);
  while (deaf.read(keep)) continue;
  EXPECT_THAT(lines, ElementsAre("ready", "heard"));
  EXPECT_EQ(deaf.wait(), 3);
  ChildProcess killed(shell("sleep 100"));
  killed.send(SIGKILL);
  EXPECT_EQ(killed.wait(), 128 + SIGKILL);
}

}  // namespace
}  // namespace biossl
