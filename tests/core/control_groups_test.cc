#include "biossl/core/control_groups.h"

#include <gtest/gtest.h>

#include "biossl/core/atomic_file.h"
#include "biossl/core/thread_limits.h"
#include "tests/support/temporary_folder.h"

namespace biossl {
namespace {

namespace fs = std::filesystem;

/// A machine's files below a folder.
class ControlGroups : public ::testing::Test {
 protected:
  void has(const fs::path& file, const std::string& text) const {
    fs::create_directories((root() / file).parent_path());
    write_file(root() / file, text);
  }
  const fs::path& root() const { return folder_.path(); }

  /// Version 2, mounted as on most machines, this process in the group /box/job.
  void has_version_2() const {
    has("proc/self/mountinfo",
        "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw\n"
        "30 22 0:26 / /sys/fs/cgroup rw,nosuid,nodev shared:4 - cgroup2 cgroup2 rw,nsdelegate\n");
    has("proc/self/cgroup", "0::/box/job\n");
  }
  /// Version 1 with two hierarchies, this process in other groups of each.
  void has_version_1() const {
    has("proc/self/mountinfo",
        "31 30 0:27 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
        "32 30 0:28 / /sys/fs/cgroup/memory rw shared:9 master:2 - cgroup cgroup rw,memory\n"
        "33 30 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
    has("proc/self/cgroup", "5:cpu,cpuacct:/box\n4:memory:/lunch/box\n0::/\n");
  }

  testing::TemporaryFolder folder_;
};

TEST_F(ControlGroups, NoneLimitNothing) {
  EXPECT_EQ(group_processors(root()), std::nullopt);
  EXPECT_EQ(group_memory_left(root()), std::nullopt);
  has_version_2();
  EXPECT_EQ(group_processors(root()), std::nullopt);
  has("sys/fs/cgroup/box/job/cpu.max", "max 100000\n");
  has("sys/fs/cgroup/box/job/memory.max", "max\n");
  has("sys/fs/cgroup/box/job/memory.current", "500\n");
  EXPECT_EQ(group_processors(root()), std::nullopt);
  EXPECT_EQ(group_memory_left(root()), std::nullopt);
}

TEST_F(ControlGroups, Version2IsAsTightAsTheTightestGroupAbove) {
  has_version_2();
  has("sys/fs/cgroup/cpu.max", "800000 100000\n");
  has("sys/fs/cgroup/box/cpu.max", "150000 100000\n");
  has("sys/fs/cgroup/box/job/cpu.max", "max 100000\n");
  has("sys/fs/cgroup/elsewhere/cpu.max", "1000 100000\n");
  EXPECT_EQ(group_processors(root()), 1.5);
  has("sys/fs/cgroup/box/job/cpu.max", "20000 50000\n");
  EXPECT_EQ(group_processors(root()), 0.4);

  has("sys/fs/cgroup/box/memory.max", "3000\n");
  has("sys/fs/cgroup/box/memory.current", "1000\n");
  EXPECT_EQ(group_memory_left(root()), 2000);
  has("sys/fs/cgroup/box/job/memory.max", "max\n");
  has("sys/fs/cgroup/box/job/memory.high", "1500\n");
  has("sys/fs/cgroup/box/job/memory.current", "900\n");
  EXPECT_EQ(group_memory_left(root()), 600);
  has("sys/fs/cgroup/box/job/memory.stat", "anon 400\ninactive_anon 9\nactive_file 50\ninactive_file 400\n");
  EXPECT_EQ(group_memory_left(root()), 1050);
  has("sys/fs/cgroup/box/job/memory.current", "9000\n");
  EXPECT_EQ(group_memory_left(root()), 0);
}

TEST_F(ControlGroups, Version1HasAGroupForEachController) {
  has_version_1();
  has("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
  has("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(group_processors(root()), std::nullopt);
  has("sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_quota_us", "250000\n");
  has("sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(group_processors(root()), 2.5);

  has("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  has("sys/fs/cgroup/memory/memory.usage_in_bytes", "4096\n");
  has("sys/fs/cgroup/memory/lunch/memory.limit_in_bytes", "8000\n");
  has("sys/fs/cgroup/memory/lunch/memory.usage_in_bytes", "5000\n");
  has("sys/fs/cgroup/memory/lunch/memory.stat", "inactive_file 7\ntotal_inactive_file 300\ntotal_active_file 200\n");
  EXPECT_EQ(group_memory_left(root()), 3500);
}

TEST_F(ControlGroups, AContainerSeesItsOwnGroupAtTheTop) {
  has("sys/fs/cgroup/cpu.max", "300000 100000\n");
  // Without a namespace of its own: the whole name, and the mount says which part of the tree it shows.
  has("proc/self/mountinfo", "30 22 0:26 /box/job /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
  has("proc/self/cgroup", "0::/box/job\n");
  EXPECT_EQ(group_processors(root()), 3.0);
  has("proc/self/cgroup", "0::/box/job/step\n");
  has("sys/fs/cgroup/step/cpu.max", "200000 100000\n");
  EXPECT_EQ(group_processors(root()), 2.0);
  // With one; and having been moved out of what is mounted.
  has("proc/self/mountinfo", "30 22 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
  for (const char* group : {"0::/\n", "0::/../neighbour\n", "0::/gone (deleted)\n"}) {
    has("proc/self/cgroup", group);
    EXPECT_EQ(group_processors(root()), 3.0) << group;
  }
}

TEST_F(ControlGroups, AQuotaIsRoundedUpToWholeProcessors) {
  const int all = available_processors(root());
  EXPECT_GE(all, 1);
  has_version_2();
  has("sys/fs/cgroup/box/cpu.max", "1000 100000\n");
  EXPECT_EQ(available_processors(root()), 1);
  has("sys/fs/cgroup/box/cpu.max", "110000 100000\n");
  EXPECT_EQ(available_processors(root()), std::min(all, 2));
  has("sys/fs/cgroup/box/cpu.max", "900000000 100000\n");
  EXPECT_EQ(available_processors(root()), all);
}

}  // namespace
}  // namespace biossl
