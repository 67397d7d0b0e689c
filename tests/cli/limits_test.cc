#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "biossl/core/atomic_file.h"
#include "biossl/core/file.h"
#include "tests/support/paths.h"
#include "tests/support/process.h"
#include "tests/support/temporary_folder.h"

// The program where its environment grants less than usual.

namespace biossl {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Outcome;
using testing::Process;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

constexpr const char* limits_recipe = R"(
[data]
pretrain = "world"
probe = "world"
images = 50
probe_images = 40
test_images = 20
image_size = 12
[views]
kind = "identity"
[[network.blocks]]
channels = 4
pool = 2
[network.head]
features = 4
[train]
epochs = 1
batch = 8
[probe]
epochs = 1
)";

/// Whether the shell finds a program of this name.
bool has_command(const std::string& name) {
  return std::system(fmt::format("command -v {} >/dev/null 2>&1", name).c_str()) == 0;
}

class Limits : public ::testing::Test {
 protected:
  void SetUp() override { write_file(in("small.toml"), limits_recipe); }

  fs::path in(const std::string& name) const { return folder_.path() / name; }
  /// A command of the program, after what a shell does first.
  Outcome run(const std::string& first, const std::string& command) const {
    const std::string script =
        fmt::format("cd '{}' && {} && exec {} {}", folder_.path().string(), first, testing::paths::program, command);
    return Process("/bin/sh", folder_.path(), {"-c", script}).wait();
  }
  /// The threads that a run has written down.
  int threads_of(const std::string& run) const {
    return nlohmann::json::parse(read_file(in(run) / "environment.json"))["threads"];
  }

  testing::TemporaryFolder folder_;
};

TEST_F(Limits, FewerThreadsThanWantedAreTold) {
  for (const char* limit : {"OMP_THREAD_LIMIT=1", "OMP_MAX_ACTIVE_LEVELS=0"}) {
    const Outcome ran = run(fmt::format("rm -rf out; export {}", limit), "run small.toml --out out --threads 2");
    EXPECT_EQ(ran.code, 0) << limit << ran.error;
    EXPECT_THAT(ran.error, HasSubstr("2 threads are wanted")) << limit;
    EXPECT_EQ(threads_of("out"), 1) << limit;
  }
}

TEST_F(Limits, TheDefaultIsTheUsersNumberOfThreads) {
  EXPECT_EQ(run("export OMP_NUM_THREADS=1,3", "run small.toml --out one").code, 0);
  EXPECT_EQ(threads_of("one"), 1);
  const Outcome limited = run("export OMP_NUM_THREADS=2 OMP_THREAD_LIMIT=1", "run small.toml --out limited");
  EXPECT_THAT(limited.error, IsEmpty());
  EXPECT_EQ(threads_of("limited"), 1);
  const Outcome ran = run("export OMP_NUM_THREADS=1 OMP_DYNAMIC=true", "run small.toml --out two --threads 2");
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(threads_of("two"), 2);
}

TEST_F(Limits, ThreadsThatAreBoundDoNotHideProcessors) {
  EXPECT_EQ(run("true", "run small.toml --out free").code, 0);
  EXPECT_EQ(run("export OMP_PROC_BIND=true", "run small.toml --out bound").code, 0);
  EXPECT_EQ(threads_of("bound"), threads_of("free"));
}

TEST_F(Limits, NarrowAndDumbTerminalsAreServed) {
  if (!has_command("script") || !has_command("stty")) GTEST_SKIP() << "needs script and stty";
  const auto typed = [&](const std::string& first) {
    return run(fmt::format("script -qec '{}; {} run small.toml --out out' /dev/null "
                           "</dev/null; rm -rf out; true",
                           first, testing::paths::program),
               "--version")
        .out;
  };
  const std::string narrow = typed("stty cols 1");
  EXPECT_THAT(narrow, HasSubstr("epoch"));
  EXPECT_THAT(narrow, HasSubstr("results in out/summary.json"));
  EXPECT_THAT(narrow, HasSubstr("\033[K"));
  const std::string dumb = typed("export TERM=dumb");
  EXPECT_THAT(dumb, HasSubstr("results in out/summary.json"));
  EXPECT_THAT(dumb, ::testing::Not(HasSubstr("\033[K")));
}

TEST_F(Limits, MoreThreadsThanProcessorsAreTold) {
  if (!has_command("taskset")) GTEST_SKIP() << "needs taskset";
  const Outcome ran = run("taskset -p 1 $$ >taskset", "run small.toml --out out --threads 3");
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.error, HasSubstr("3 threads wait for each other on 1 processor; --threads 1 is faster"));
}

TEST_F(Limits, ThreadsThatCannotBeStartedAreNotWaitedFor) {
  if (sanitized) GTEST_SKIP() << "sanitizers need all of the address space";
  // Two stacks of a gigabyte have room, three have not.
  const Outcome ran = run("ulimit -v 3000000 && export OMP_STACKSIZE=1G", "run small.toml --out out --threads 5");
  EXPECT_EQ(ran.code, 0) << ran.error;
  EXPECT_THAT(ran.error, HasSubstr("5 threads are wanted"));
  EXPECT_EQ(threads_of("out"), 3);
}

/// A control group of version 1 or 2, where this process may make one.
class Group {
 public:
  explicit Group(const std::string& controller) {
    for (const fs::path& top : {fs::path("/sys/fs/cgroup") / controller, fs::path("/sys/fs/cgroup")}) {
      folder_ = top / fmt::format("biossl-test-{}", getpid());
      std::error_code refused;
      if (fs::exists(top / "cgroup.procs") && fs::create_directory(folder_, refused)) return;
    }
    folder_.clear();
  }
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;
  ~Group() {
    std::error_code gone;
    if (!folder_.empty()) fs::remove(folder_, gone);
  }

  /// False where the group has no such limit. One that is there and cannot be set fails the test.
  bool limit(const char* file, const std::string& text) const {
    if (folder_.empty() || !fs::exists(folder_ / file)) return false;
    std::ofstream stream(folder_ / file);
    EXPECT_TRUE(stream << text << std::flush) << folder_ / file;
    return true;
  }
  /// What a shell does to belong to it.
  std::string joined() const { return fmt::format("echo $$ >'{}/cgroup.procs'", folder_.string()); }

 private:
  fs::path folder_;
};

TEST_F(Limits, AGroupOfFewProcessesGetsAsManyThreads) {
  if (sanitized) GTEST_SKIP() << "the leak sanitizer starts a process of its own";
  const Group group("pids");
  if (!group.limit("pids.max", "3")) GTEST_SKIP() << "this process cannot make a control group with this limit";
  const Outcome ran = run(group.joined(), "run small.toml --out out --threads 5");
  EXPECT_EQ(ran.code, 0) << ran.error;
  EXPECT_THAT(ran.error, HasSubstr("5 threads are wanted"));
  EXPECT_EQ(threads_of("out"), 3);
}

TEST_F(Limits, AQuotaOfProcessorsGivesTheDefault) {
  const Group group("cpu");
  if (!group.limit("cpu.max", "50000 100000") && !group.limit("cpu.cfs_quota_us", "50000")) {
    GTEST_SKIP() << "this process cannot make a control group with this limit";
  }
  const Outcome ran = run(group.joined(), "run small.toml --out out");
  EXPECT_EQ(ran.code, 0) << ran.error;
  EXPECT_THAT(ran.error, IsEmpty());
  EXPECT_EQ(threads_of("out"), 1);
}

TEST_F(Limits, WhatAGroupOfLittleMemoryCannotHoldIsRefused) {
  const Group group("memory");
  if (!group.limit("memory.max", "200000000") && !group.limit("memory.limit_in_bytes", "200000000")) {
    GTEST_SKIP() << "this process cannot make a control group with this limit";
  }
  const Outcome timed = run(group.joined(), "bench probe --images 100000 --features 1000");  // 400 MB, or 200
  EXPECT_EQ(timed.code, 1) << timed.error;
  EXPECT_THAT(timed.error, HasSubstr("the features take"));
  const Outcome made = run(group.joined(), "data info world --images 100000");  // 300 MB
  EXPECT_EQ(made.code, 1) << made.error;
  EXPECT_THAT(made.error, HasSubstr("are left by the limit of a control group"));
}

TEST_F(Limits, TooLittleMemoryIsALine) {
  if (sanitized) GTEST_SKIP() << "sanitizers need all of the address space";
  for (const int kilobytes : {30'000, 40'000, 50'000, 60'000, 80'000, 120'000, 200'000}) {
    const Outcome ran = run(fmt::format("rm -rf out; ulimit -v {}", kilobytes), "run small.toml --out out --threads 2");
    if (ran.code == 0 || ran.code == 127) continue;  // there was enough; or not even for loading the program
    EXPECT_EQ(ran.code, 1) << kilobytes << ran.error;
    EXPECT_THAT(ran.error, ::testing::StartsWith("biossl: ")) << kilobytes;
    EXPECT_THAT(ran.error, HasSubstr("not enough memory")) << kilobytes;
  }
}

}  // namespace
}  // namespace biossl
