#include "biossl/core/file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <iterator>
#include <memory>
#include <utility>

#include "biossl/core/atomic_file.h"
#include "biossl/core/error.h"
#include "biossl/core/folder_lock.h"
#include "biossl/reproduction/child_process.h"
#include "tests/support/temporary_folder.h"

namespace biossl {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class FileTest : public ::testing::Test {
 protected:
  std::ptrdiff_t files() const {
    return std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator());
  }
  fs::path path() const { return folder_.path() / "file.bin"; }

  biossl::testing::TemporaryFolder folder_;
};

TEST_F(FileTest, AppearsWholeOnCommit) {
  AtomicFile file(path());
  file.write("one ");
  EXPECT_FALSE(fs::exists(path()));
  file.write("two");
  EXPECT_FALSE(fs::exists(path()));
  file.commit();
  EXPECT_EQ(read_file(path()), "one two");
  EXPECT_EQ(files(), 1);
}

TEST_F(FileTest, LeavesNothingWithoutCommit) {
  {
    AtomicFile file(path());
    file.write("half");
  }
  EXPECT_EQ(files(), 0);
}

TEST_F(FileTest, TheOldOneStaysUntilCommit) {
  write_file(path(), "old");
  {
    AtomicFile file(path());
    file.write("new, but given up");
  }
  EXPECT_EQ(read_file(path()), "old");
  write_file(path(), "new");
  EXPECT_EQ(read_file(path()), "new");
  EXPECT_EQ(files(), 1);
}

TEST_F(FileTest, LeavesNothingWhenItCannotTakeItsName) {
  fs::create_directories(path() / "in the way");
  EXPECT_THROW(write_file(path(), "text"), std::runtime_error);
  EXPECT_EQ(files(), 1);
}

TEST_F(FileTest, NamesTheFileThatCannotBeWritten) {
  const fs::path nowhere = folder_.path() / "no such folder" / "file.bin";
  EXPECT_THAT([&] { AtomicFile file(nowhere); }, ThrowsMessage<std::runtime_error>(HasSubstr(nowhere.string())));
}

TEST_F(FileTest, NamesTheFileThatCannotBeRead) {
  EXPECT_THAT([&] { read_file(path()); }, ThrowsMessage<BadInput>(HasSubstr(path().string())));
  EXPECT_THAT([&] { read_file(folder_.path()); }, ThrowsMessage<BadInput>(HasSubstr("is not a file")));
}

TEST_F(FileTest, MapsBytes) {
  write_file(path(), std::string("a\0b", 3));
  MappedFile file(path());
  ASSERT_EQ(file.bytes().size(), 3U);
  EXPECT_EQ(file.bytes()[1], std::byte{0});
  const MappedFile moved(std::move(file));
  EXPECT_EQ(moved.bytes()[2], std::byte{'b'});
}

TEST_F(FileTest, EmptyFilesAreFiles) {
  write_file(path(), "");
  EXPECT_EQ(read_file(path()), "");
}

TEST_F(FileTest, ALinkStaysAndItsTargetIsReplaced) {
  fs::create_directories(folder_.path() / "deep");
  const fs::path target = folder_.path() / "deep" / "target";
  fs::create_symlink("deep/hop", path());
  fs::create_symlink("target", folder_.path() / "deep" / "hop");
  write_file(path(), "made");  // the links lead to nothing yet
  EXPECT_EQ(read_file(target), "made");
  {
    AtomicFile file(path());
    file.write("half");
    EXPECT_EQ(read_file(target), "made");
  }
  write_file(path(), "replaced");
  EXPECT_EQ(read_file(target), "replaced");
  EXPECT_TRUE(fs::is_symlink(path()) && fs::is_symlink(folder_.path() / "deep" / "hop"));
  fs::create_symlink("circle", folder_.path() / "circle");
  EXPECT_THROW(write_file(folder_.path() / "circle", "x"), WriteError);
  EXPECT_TRUE(fs::is_symlink(folder_.path() / "circle"));
}

TEST_F(FileTest, APipeIsWrittenToAndStaysAPipe) {
  ASSERT_EQ(mkfifo(path().c_str(), 0600), 0);
  const int reader = open(path().c_str(), O_RDONLY | O_NONBLOCK);
  EXPECT_FALSE(is_replaced_whole(path()));
  EXPECT_NO_THROW(require_writable(path()));
  write_file(path(), "text");
  std::array<char, 8> read{};
  EXPECT_EQ(::read(reader, read.data(), read.size()), 4);
  EXPECT_STREQ(read.data(), "text");
  close(reader);
  EXPECT_TRUE(fs::is_fifo(path()));
  EXPECT_EQ(files(), 1);
}

TEST_F(FileTest, ADeviceIsWrittenToAndStaysADevice) {
  write_file("/dev/null", "text");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  EXPECT_THAT([] { AtomicFile("/dev/null").replace_start({}); },
              ThrowsMessage<WriteError>(HasSubstr("/dev/null: cannot be written anew at its start (Illegal seek)")));
  if (!fs::is_character_file("/dev/full")) GTEST_SKIP() << "there is no /dev/full";
  EXPECT_THAT([] { write_file("/dev/full", "x"); },
              ThrowsMessage<WriteError>(HasSubstr("/dev/full: cannot be written")));
  EXPECT_THAT([] { append_to_file("/dev/full", "x"); }, ThrowsMessage<WriteError>(HasSubstr("No space left")));
}

TEST_F(FileTest, WhatIsOpenIsWrittenToWhereItStands) {
  const int descriptor = open(path().c_str(), O_RDWR | O_CREAT, 0600);
  ASSERT_EQ(write(descriptor, "head ", 5), 5);
  const fs::path link = fmt::format("/dev/fd/{}", descriptor);
  EXPECT_FALSE(is_replaced_whole(link));
  write_file(link, "text");
  struct stat open_file {};
  fstat(descriptor, &open_file);
  EXPECT_EQ(open_file.st_size, 9) << "another file was put in its place";
  EXPECT_EQ(read_file(path()), "head text");
  close(descriptor);
}

TEST_F(FileTest, KeepsThePermissionsOfTheOldOne) {
  write_file(path(), "old");
  fs::permissions(path(), fs::perms::owner_read | fs::perms::owner_write);
  write_file(path(), "new");
  EXPECT_EQ(fs::status(path()).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(FileTest, ALeftOverIsTakenOverButNotFromItsWriter) {
  const fs::path left_over = path().string() + ".writing";
  write_file(left_over, "much that a killed process has left");
  write_file(path(), "new");
  EXPECT_EQ(read_file(path()), "new");
  EXPECT_EQ(files(), 1);
  AtomicFile writing(path());
  writing.write("newer");
  EXPECT_THAT([&] { AtomicFile second(path()); }, ThrowsMessage<InUse>(HasSubstr("another process is writing it")));
  write_file(folder_.path() / "gone.writing", "left over");
  remove_unfinished_files(folder_.path());
  EXPECT_FALSE(fs::exists(folder_.path() / "gone.writing"));
  EXPECT_TRUE(fs::exists(left_over)) << "somebody is writing it";
  writing.commit();
  EXPECT_EQ(read_file(path()), "newer");
}

TEST_F(FileTest, WhereNothingCanBeWrittenIsToldWithoutTouchingAnything) {
  write_file(path(), "old");
  EXPECT_NO_THROW(require_writable(path()));
  EXPECT_NO_THROW(require_writable(folder_.path() / "new"));
  EXPECT_NO_THROW(require_writable_folder(folder_.path() / "a" / "new" / "folder"));
  EXPECT_THAT([&] { require_writable(folder_.path() / "no" / "file"); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("there is no folder")));
  EXPECT_THAT([&] { require_writable(folder_.path()); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("is a folder")));
  EXPECT_THAT([&] { require_writable_folder(path() / "below" / "a file"); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("is no folder")));
  EXPECT_EQ(read_file(path()), "old");
  EXPECT_EQ(files(), 1);
  if (geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  fs::permissions(path(), fs::perms::owner_read);
  EXPECT_THROW(require_writable(path()), WriteError);
  EXPECT_THROW(write_file(path(), "x"), WriteError);
  fs::permissions(folder_.path(), fs::perms::owner_read | fs::perms::owner_exec);
  EXPECT_THROW(require_writable(folder_.path() / "new"), WriteError);
  EXPECT_THROW(require_writable_folder(folder_.path() / "new"), WriteError);
  fs::permissions(folder_.path(), fs::perms::owner_all);
}

TEST_F(FileTest, APipeIsReadToItsEndButNotMapped) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  ASSERT_EQ(write(ends[1], "text", 4), 4);
  close(ends[1]);
  const fs::path link = fmt::format("/dev/fd/{}", ends[0]);
  EXPECT_THAT([&] { MappedFile file(link); }, ThrowsMessage<BadInput>(HasSubstr("is a pipe or a device")));
  EXPECT_EQ(read_file(link), "text");
  close(ends[0]);
  EXPECT_THAT([] { read_file("/dev/zero"); }, ThrowsMessage<BadInput>(HasSubstr("does not end within 64 MiB")));
}

/// A test that waits for a writer would wait for ever: nobody writes to this pipe.
TEST_F(FileTest, ANamedPipeIsRefusedWithoutWaitingForIt) {
  ASSERT_EQ(mkfifo(path().c_str(), 0600), 0);
  const auto refusal = HasSubstr("file.bin: is a pipe or a device; save it as a file first");
  EXPECT_THAT([&] { read_regular_file(path(), 100); }, ThrowsMessage<BadInput>(refusal));
  EXPECT_THAT([&] { MappedFile file(path()); }, ThrowsMessage<BadInput>(refusal));
  EXPECT_THAT([&] { RandomAccessFile file(path()); }, ThrowsMessage<BadInput>(refusal));
  EXPECT_THAT([] { read_regular_file("/dev/zero", 100); }, ThrowsMessage<BadInput>(HasSubstr("is a pipe or a device")));
}

TEST_F(FileTest, ANamedPipeIsReadWhenItsWriterCame) {
  ASSERT_EQ(mkfifo(path().c_str(), 0600), 0);
  ChildProcess writer({"/bin/sh", "-c", "sleep 0.1; printf text >\"$0\"", path().string()});
  EXPECT_EQ(read_file(path()), "text");
  writer.read([](std::string_view) {});
}

TEST_F(FileTest, AFileThatIsTooLongIsRefusedByItsLength) {
  write_file(path(), "0123456789");
  EXPECT_EQ(read_regular_file(path(), 10), "0123456789");
  EXPECT_THAT([&] { read_regular_file(path(), 9); }, ThrowsMessage<BadInput>(HasSubstr("file.bin: has 10 bytes")));
}

TEST_F(FileTest, AFolderIsLockedOnceAndByNoProgramThatThisOneStarts) {
  auto lock = std::make_unique<FolderLock>(folder_.path());
  EXPECT_THAT([&] { FolderLock second(folder_.path()); }, ThrowsMessage<InUse>(HasSubstr("at work in it")));
  ChildProcess outlives({"/bin/sh", "-c", "echo started; exec sleep 100"});
  outlives.read([](std::string_view) {});
  lock.reset();
  EXPECT_NO_THROW(FolderLock(folder_.path()));
}

}  // namespace
}  // namespace biossl
