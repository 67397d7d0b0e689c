#include "biossl/core/staging_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <optional>

#include "biossl/core/atomic_file.h"
#include "biossl/core/error.h"
#include "biossl/core/file.h"
#include "tests/support/temporary_folder.h"

namespace biossl {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class StagingFolderTest : public ::testing::Test {
 protected:
  fs::path name() const { return folder_.path() / "deep" / "set.packing"; }

  biossl::testing::TemporaryFolder folder_;
};

TEST_F(StagingFolderTest, IsEmptyAndGoesWithWhatIsLeftInIt) {
  {
    const StagingFolder staging(name());
    EXPECT_TRUE(fs::is_empty(staging.path()));
    write_file(staging.path() / "left", "text");
    fs::create_directories(staging.path() / "made");
    put_in_place(staging.path() / "made", folder_.path() / "made");
  }
  EXPECT_FALSE(fs::exists(name()));
  EXPECT_TRUE(fs::is_empty(folder_.path() / "made")) << "what was put in place holds nothing else";
}

TEST_F(StagingFolderTest, AllOfItCanBePutInPlace) {
  {
    const StagingFolder staging(name());
    write_file(staging.path() / "file", "text");
    put_in_place(staging.path(), folder_.path() / "set");
  }
  EXPECT_FALSE(fs::exists(name()));
  EXPECT_EQ(read_file(folder_.path() / "set" / "file"), "text");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path() / "set"), {}), 1);
}

TEST_F(StagingFolderTest, AnotherOneOfTheNameIsRefusedAndHarmsNothing) {
  std::optional<StagingFolder> first(name());
  write_file(first->path() / "file", "text");
  EXPECT_THAT([&] { StagingFolder second(name()); },
              ThrowsMessage<InUse>(AllOf(HasSubstr("set.packing"), HasSubstr("another process is at work in it"))));
  EXPECT_EQ(read_file(first->path() / "file"), "text");
  first.reset();
  EXPECT_NO_THROW(StagingFolder{name()});
}

TEST_F(StagingFolderTest, WhatAKilledProcessLeftIsTakenOver) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const StagingFolder staging(name());
    fs::create_directories(staging.path() / "left over");
    raise(SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  ASSERT_TRUE(fs::exists(name() / StagingFolder::mark));
  {
    const StagingFolder staging(name());
    EXPECT_TRUE(fs::is_empty(staging.path()));
  }
  EXPECT_FALSE(fs::exists(name()));
}

TEST_F(StagingFolderTest, AnEmptyFolderIsTakenOver) {
  fs::create_directories(name());
  EXPECT_NO_THROW(StagingFolder{name()});
  EXPECT_FALSE(fs::exists(name()));
}

TEST_F(StagingFolderTest, WhatOthersHaveMadeStays) {
  const auto refused = [&] {
    EXPECT_THAT([&] { StagingFolder staging(name()); },
                ThrowsMessage<WriteError>(AllOf(HasSubstr("set.packing"), HasSubstr("move it away"))));
  };
  fs::create_directories(name() / "content");
  write_file(name() / "content" / "mine", "text");
  refused();
  EXPECT_EQ(read_file(name() / "content" / "mine"), "text");
  fs::rename(name(), folder_.path() / "elsewhere");
  write_file(name(), "a file");
  refused();
  EXPECT_EQ(read_file(name()), "a file");
  fs::remove(name());
  // Not even where a link leads to a folder that could be taken over.
  write_file(folder_.path() / "elsewhere" / StagingFolder::mark, "");
  fs::create_directory_symlink(folder_.path() / "elsewhere", name());
  refused();
  EXPECT_EQ(read_file(folder_.path() / "elsewhere" / "content" / "mine"), "text");
}

TEST_F(StagingFolderTest, WhatSomebodyAddsBesideTheContentStays) {
  {
    const StagingFolder staging(name());
    write_file(name() / "mine", "text");
  }
  EXPECT_EQ(read_file(name() / "mine"), "text");
  EXPECT_FALSE(fs::exists(name() / StagingFolder::mark));
}

}  // namespace
}  // namespace biossl
