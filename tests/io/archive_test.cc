#include "biossl/io/archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "biossl/core/atomic_file.h"
#include "biossl/core/error.h"
#include "biossl/core/file.h"
#include "tests/support/message_of.h"
#include "tests/support/tar.h"
#include "tests/support/temporary_folder.h"

namespace biossl {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::message_of;
using testing::tar_gz;
using testing::TarEntry;

class Unpacking : public ::testing::Test {
 protected:
  Unpacking() {
    fs::create_directory(out_);
    write_file(folder_.path() / "bystander", "untouched");
  }

  void unpack(const std::string& bytes, const ArchiveLimits& limits = {.bytes = 1 << 20, .entries = 20}) {
    write_file(archive_, bytes);
    unpack_archive(archive_, out_, limits);
  }

  std::string refusal(const std::string& bytes, const ArchiveLimits& limits = {.bytes = 1 << 20, .entries = 20}) {
    return message_of<BadInput>([&] { unpack(bytes, limits); });
  }

  /// The folder around holds what it held before.
  void expect_nothing_outside() const {
    int entries = 0;
    for ([[maybe_unused]] const auto& entry : fs::directory_iterator(folder_.path())) ++entries;
    EXPECT_EQ(entries, 3);
    EXPECT_EQ(read_file(folder_.path() / "bystander"), "untouched");
  }

  testing::TemporaryFolder folder_;
  fs::path archive_ = folder_.path() / "x.tar.gz";
  fs::path out_ = folder_.path() / "out";
};

TEST_F(Unpacking, GivesFilesAndFoldersWithoutTheirRights) {
  unpack(tar_gz({{.path = "./", .type = 'd'},
                 {.path = "./set/", .type = 'd', .mode = 0000},
                 {.path = "set/deep/a.bin", .data = std::string("a\0b", 3), .mode = 06777},
                 {.path = "set/empty"}}));
  EXPECT_EQ(read_file(out_ / "set/deep/a.bin"), std::string("a\0b", 3));
  EXPECT_EQ(fs::file_size(out_ / "set/empty"), 0U);
  const fs::perms perms = fs::status(out_ / "set/deep/a.bin").permissions();
  EXPECT_EQ(perms & (fs::perms::set_uid | fs::perms::set_gid | fs::perms::owner_exec), fs::perms::none);
  EXPECT_NE(fs::status(out_ / "set").permissions() & fs::perms::owner_write, fs::perms::none);
}

TEST_F(Unpacking, WorksBelowALink) {
  const fs::path link = folder_.path() / "out" / "link";
  fs::create_directory(out_ / "real");
  fs::create_directory_symlink(out_ / "real", link);
  write_file(archive_, tar_gz({{.path = "a", .data = "1"}}));
  unpack_archive(archive_, link, {.bytes = 10, .entries = 10});
  EXPECT_EQ(read_file(out_ / "real/a"), "1");
}

TEST_F(Unpacking, LetsNoPathOut) {
  for (const char* path : {"../escaped", "a/../../escaped", "..", "a/..", "./../escaped"}) {
    EXPECT_THAT(refusal(tar_gz({{.path = path, .data = "x"}})),
                AllOf(HasSubstr("x.tar.gz"), HasSubstr("leads out of its folder")))
        << path;
  }
  EXPECT_THAT(refusal(tar_gz({{.path = (folder_.path() / "escaped").string(), .data = "x"}})),
              HasSubstr("is an absolute path"));
  expect_nothing_outside();
}

TEST_F(Unpacking, TakesNothingButFilesAndFolders) {
  const std::vector<TarEntry> others{{.path = "link", .type = 's', .target = "../bystander"},
                                     {.path = "link", .type = 'h', .target = "../bystander"},
                                     {.path = "pipe", .type = 'p'},
                                     {.path = "device", .type = 'c'}};
  for (const TarEntry& entry : others) {
    EXPECT_THAT(refusal(tar_gz({entry, {.path = entry.path + "/x", .data = "hijacked"}})),
                HasSubstr("neither a file nor a folder"))
        << entry.type;
  }
  EXPECT_TRUE(fs::is_empty(out_));
  expect_nothing_outside();
}

TEST_F(Unpacking, WritesThroughNoLinkThatIsThere) {
  fs::create_directory_symlink(folder_.path(), out_ / "set");
  write_file(archive_, tar_gz({{.path = "set/bystander", .data = "hijacked"}}));
  EXPECT_ANY_THROW(unpack_archive(archive_, out_, {.bytes = 10, .entries = 10}));
  expect_nothing_outside();
}

TEST_F(Unpacking, RefusesBombs) {
  const std::string zeros = tar_gz({{.path = "zeros", .data = std::string(5'000'000, '\0')}});
  EXPECT_LT(zeros.size(), 50'000U);
  EXPECT_THAT(refusal(zeros), HasSubstr("unpacks to more than 1048576 bytes"));
  EXPECT_TRUE(fs::is_empty(out_));
  EXPECT_THAT(
      refusal(tar_gz({{.path = "a", .data = "12345"}, {.path = "b", .data = "123456"}}), {.bytes = 10, .entries = 10}),
      HasSubstr("more than 10 bytes"));
  EXPECT_THAT(refusal(tar_gz({{.path = "1"}, {.path = "2"}, {.path = "3"}}), {.bytes = 10, .entries = 2}),
              HasSubstr("more than 2 entries"));
}

TEST_F(Unpacking, RefusesANameThatComesTwice) {
  EXPECT_THAT(refusal(tar_gz({{.path = "a", .data = "1"}, {.path = "./a", .data = "2"}})), HasSubstr("'./a' twice"));
}

TEST_F(Unpacking, ShowsNoControlCharactersOfANameInMessages) {
  EXPECT_THAT(refusal(tar_gz({{.path = "../\x1b[2J\n"}})), HasSubstr("'../?[2J?'"));
}

TEST_F(Unpacking, NoticesThatTheArchiveIsCut) {
  std::string data;
  for (int i = 0; i < 20'000; ++i) data += static_cast<char>(i * i / 7);
  const std::string bytes = tar_gz({{.path = "a", .data = data}, {.path = "b", .data = data}});
  for (std::size_t length = 1; length + 8 < bytes.size(); length += bytes.size() / 50) {
    fs::remove_all(out_);
    fs::create_directory(out_);
    EXPECT_THAT(refusal(bytes.substr(0, length)), HasSubstr("x.tar.gz: is no whole tar archive")) << length;
  }
}

TEST_F(Unpacking, SaysThatAFileIsNoArchive) {
  EXPECT_THAT(refusal("<html>not found</html>"), HasSubstr("is no whole tar archive"));
  EXPECT_THAT(message_of<BadInput>([&] { unpack_archive(out_ / "none", out_, {}); }), HasSubstr("none"));
}

TEST_F(Unpacking, StopsWhenProgressThrows) {
  write_file(archive_, tar_gz({{.path = "a", .data = "1"}}));
  const Progress stop = [](std::int64_t, std::int64_t, std::string_view) { throw std::domain_error("stop"); };
  EXPECT_THROW(unpack_archive(archive_, out_, {.bytes = 10, .entries = 10}, stop), std::domain_error);
}

}  // namespace
}  // namespace biossl
