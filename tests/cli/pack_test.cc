#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "biossl/core/atomic_file.h"
#include "biossl/core/file.h"
#include "biossl/core/staging_folder.h"
#include "tests/cli/program.h"
#include "tests/support/data_files.h"
#include "tests/support/pictures.h"

// `data pack` where it meets other processes and other people's folders, and names of classes on a terminal.

namespace biossl {
namespace {

using ::testing::AllOf;
using testing::expect_one_line;
using ::testing::HasSubstr;
using testing::jpeg_bytes;
using ::testing::Not;
using testing::npy_bytes;
using testing::Outcome;
using testing::Program;
using testing::quarters;

class Packing : public Program {
 protected:
  void SetUp() override {
    Program::SetUp();
    std::filesystem::create_directories(in("pictures"));
    for (const char* name : {"a.jpg", "b.jpg"}) write_file(in("pictures/") + name, jpeg_bytes(quarters(20, 30)));
  }
  Outcome pack() const { return run({"data", "pack", in("pictures"), "--size", "8", "--out", in("set")}); }
};

TEST_F(Packing, OfOneSetTwiceAtATimeIsRefused) {
  {
    const StagingFolder other(in("set.packing"));
    expect_one_line(pack(), 1, in("set.packing") + ": another process is at work in it; try again when it has ended");
    EXPECT_TRUE(std::filesystem::exists(other.path()));
  }
  EXPECT_EQ(pack().code, 0);
}

TEST_F(Packing, LeavesAFolderOfTheUsersAlone) {
  std::filesystem::create_directories(in("set.packing"));
  write_file(in("set.packing/mine"), "text");
  expect_one_line(pack(), 1, "move it away");
  EXPECT_EQ(read_file(in("set.packing/mine")), "text");
}

TEST_F(Packing, TakesANameThatEndsInASlash) {
  write_file(in("pictures/broken.jpg"), "no picture");
  const Outcome packed = run({"data", "pack", in("pictures"), "--size", "8", "--out", in("set/")});
  EXPECT_EQ(packed.code, 0) << packed.error;
  EXPECT_THAT(packed.out, HasSubstr(in("set/broken.txt") + " names them"));
  EXPECT_TRUE(std::filesystem::exists(in("set/images.npy")));
  expect_one_line(run({"data", "pack", in("pictures"), "--size", "8", "--out", in("set/")}), 2, "exists");
}

TEST_F(Packing, NamesOfClassesReachATerminalWithoutControlCharacters) {
  std::filesystem::create_directories(in("set"));
  write_file(in("set/images.npy"), npy_bytes("|u1", "(2, 2, 2)", "abcdefgh"));
  write_file(in("set/labels.npy"), npy_bytes("|u1", "(2,)", std::string("\0\1", 2)));
  write_file(in("set/names.txt"), "\x1b[31mcat\r\ndog\r\n");
  const Outcome info = run({"data", "info", "array", "--data", in("set")});
  EXPECT_EQ(info.code, 0) << info.error;
  EXPECT_THAT(info.out, AllOf(HasSubstr("0 ?[31mcat "), HasSubstr("1 dog "), Not(HasSubstr("\r"))));
}

}  // namespace
}  // namespace biossl
