#include "biossl/core/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iterator>
#include <utility>

#include "biossl/core/error.h"
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

}  // namespace
}  // namespace biossl
