#include "biossl/core/memory_limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "biossl/core/atomic_file.h"
#include "biossl/core/kernel_file.h"
#include "biossl/core/memory.h"
#include "tests/support/message_of.h"
#include "tests/support/temporary_folder.h"

namespace biossl {
namespace {

using ::testing::HasSubstr;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool needs_all_addresses = true;
#else
constexpr bool needs_all_addresses = false;
#endif

constexpr std::int64_t gigabyte = std::int64_t{1} << 30;

std::int64_t address_space() { return kernel_number("/proc/self/statm").value_or(0) * 4096; }

/// Leaves this process so many bytes of a resource for the length of a test.
class Limited {
 public:
  Limited(decltype(RLIMIT_AS) resource, std::int64_t bytes) : resource_(resource) {
    getrlimit(resource_, &before_);
    const rlimit limit{static_cast<rlim_t>(bytes), before_.rlim_max};
    setrlimit(resource_, &limit);
  }
  Limited(const Limited&) = delete;
  Limited& operator=(const Limited&) = delete;
  ~Limited() { setrlimit(resource_, &before_); }

 private:
  decltype(RLIMIT_AS) resource_;
  rlimit before_{};
};

TEST(MemoryLimits, TheLeastOfMachineAndGroupsIsLeft) {
  const testing::TemporaryFolder folder;
  const auto& root = folder.path();
  EXPECT_FALSE(host_memory_left(root).has_value());
  const auto has = [&](const char* file, const char* text) {
    std::filesystem::create_directories((root / file).parent_path());
    write_file(root / file, text);
  };
  has("proc/meminfo", "MemTotal:  9000 kB\nMemFree:  100 kB\nMemAvailable:  500 kB\nSwapFree:  7000 kB\n");
  const auto machine = host_memory_left(root);
  ASSERT_TRUE(machine.has_value());
  EXPECT_EQ(machine->bytes, 500 * 1024);
  EXPECT_THAT(machine->limit, HasSubstr("machine"));
  has("proc/self/mountinfo", "30 22 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  has("proc/self/cgroup", "0::/box\n");
  has("sys/fs/cgroup/box/memory.max", "300000\n");
  has("sys/fs/cgroup/box/memory.current", "100000\n");
  const auto group = host_memory_left(root);
  ASSERT_TRUE(group.has_value());
  EXPECT_EQ(group->bytes, 200000);
  EXPECT_THAT(group->limit, HasSubstr("control group"));
}

TEST(MemoryLimits, TheLimitsOfTheProcessCount) {
  if (needs_all_addresses) GTEST_SKIP() << "sanitizers need all of the address space";
  const Limited limited(RLIMIT_AS, address_space() + gigabyte);
  const auto left = host_memory_left();
  ASSERT_TRUE(left.has_value());
  EXPECT_LE(left->bytes, gigabyte);
  EXPECT_GT(left->bytes, gigabyte / 2);
  EXPECT_THAT(left->limit, HasSubstr("ulimit -v"));
  const Limited data(RLIMIT_DATA, 0);
  EXPECT_EQ(host_memory_left()->bytes, 0);
  EXPECT_THAT(host_memory_left()->limit, HasSubstr("ulimit -d"));
}

TEST(MemoryLimits, ABlockThatLeavesNothingIsRefusedBeforeItIsTouched) {
  if (needs_all_addresses) GTEST_SKIP() << "sanitizers need all of the address space";
  const auto refusal =
      testing::message_of<std::runtime_error>([] { allocate_zeros(Device::cpu, std::size_t{1} << 46); });
  EXPECT_THAT(refusal, HasSubstr("70368.8 GB more are needed"));
  const Limited limited(RLIMIT_AS, address_space() + gigabyte / 4);
  EXPECT_THAT(testing::message_of<std::runtime_error>([] { allocate_zeros(Device::cpu, gigabyte); }),
              HasSubstr("by ulimit -v"));
  EXPECT_NO_THROW(allocate_zeros(Device::cpu, gigabyte / 16));
}

TEST(MemoryLimits, LibrariesKeepSomeRoom) {
  EXPECT_NO_THROW(require_memory_for_libraries());
  if (needs_all_addresses) GTEST_SKIP() << "sanitizers need all of the address space";
  const Limited limited(RLIMIT_AS, address_space() + (gigabyte >> 10));
  EXPECT_THROW(require_memory_for_libraries(), std::runtime_error);
}

}  // namespace
}  // namespace biossl
