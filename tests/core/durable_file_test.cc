// What becomes of files at a power cut, and where other processes write files of the same name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <fstream>

#include "biossl/core/atomic_file.h"
#include "biossl/core/error.h"
#include "biossl/core/file.h"
#include "tests/support/message_of.h"
#include "tests/support/temporary_folder.h"

namespace biossl {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

/// From now on every fsync of this process fails with EIO. Returns false where the system has no such filter.
bool let_fsync_fail() {
  std::array<sock_filter, 4> rules{{{BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
                                    {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_fsync},
                                    {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | EIO},
                                    {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}}};
  const sock_fprog program{.len = static_cast<unsigned short>(rules.size()), .filter = rules.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/// Ends the process: with 0 where it was told that the line may not be on disk.
[[noreturn]] void append_where_fsync_fails(const fs::path& path) {
  if (!let_fsync_fail()) std::_Exit(0);
  try {
    append_to_file(path, "line\n");
  } catch (const WriteError&) {
    std::_Exit(0);
  }
  std::_Exit(1);
}

TEST(DurableFileDeathTest, ALineThatIsAddedIsFlushedToDisk) {
  const testing::TemporaryFolder folder;
  EXPECT_EXIT(append_where_fsync_fails(folder.path() / "lines"), ::testing::ExitedWithCode(0), "");
  append_to_file(folder.path() / "others", "one\n");
  append_to_file(folder.path() / "others", "two\n");
  EXPECT_EQ(read_file(folder.path() / "others"), "one\ntwo\n");
  EXPECT_NO_THROW(append_to_file("/dev/null", "nothing to flush"));
}

class TakenName : public ::testing::Test {
 protected:
  fs::path path() const { return folder_.path() / "file"; }
  fs::path temporary() const { return folder_.path() / "file.writing"; }

  testing::TemporaryFolder folder_;
};

TEST_F(TakenName, AFileOfAnotherProcessIsNeitherRenamedNorRemoved) {
  write_file(path(), "old");
  {
    AtomicFile file(path());
    file.write("mine");
    fs::remove(temporary());
    std::ofstream(temporary()) << "half of theirs";
    EXPECT_THAT(
        testing::message_of<WriteError>([&] { file.commit(); }),
        AllOf(HasSubstr("file: cannot be renamed into place"), HasSubstr("file.writing; let one process alone")));
  }
  EXPECT_EQ(read_file(path()), "old");
  EXPECT_EQ(read_file(temporary()), "half of theirs");
}

TEST_F(TakenName, AFileThatAnotherProcessHasRemovedIsToldToBeGone) {
  AtomicFile file(path());
  file.write("mine");
  fs::remove(temporary());
  EXPECT_THAT(testing::message_of<WriteError>([&] { file.commit(); }), HasSubstr("has removed or replaced"));
  EXPECT_FALSE(fs::exists(path()));
}

}  // namespace
}  // namespace biossl
