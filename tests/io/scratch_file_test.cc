#include "biossl/io/scratch_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "tests/support/message_of.h"
#include "tests/support/temporary_folder.h"

namespace biossl {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::message_of;
using testing::TemporaryFolder;
using Bytes = std::array<std::byte, 4>;

constexpr Bytes some{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};

TEST(ScratchFile, GivesBackWhatWasWrittenAndShowsNoName) {
  const TemporaryFolder folder;
  ScratchFile file(folder.path(), 100);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  file.write(96, some);
  file.write(7, some);
  file.expect(96, 4);
  Bytes read{};
  file.read(96, read);
  EXPECT_EQ(read, some);
  read = {};
  file.read(7, read);
  EXPECT_EQ(read, some);
}

TEST(ScratchFile, ReadingBehindItsEndFails) {
  const TemporaryFolder folder;
  const ScratchFile file(folder.path(), 2);
  Bytes read{};
  EXPECT_THAT(message_of<std::runtime_error>([&] { file.read(0, read); }), HasSubstr("cannot be read"));
}

TEST(ScratchFile, AFullDiskIsNamed) {
  const TemporaryFolder folder;
  const std::string message =
      message_of<std::runtime_error>([&] { const ScratchFile file(folder.path(), std::int64_t{1} << 60); });
  EXPECT_THAT(message, AllOf(HasSubstr(folder.path().string()), HasSubstr("1152921504.6 GB"), HasSubstr("are free")));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(ScratchFile, AMissingFolderIsNamed) {
  const TemporaryFolder folder;
  const auto nowhere = folder.path() / "nowhere";
  EXPECT_THAT(message_of<std::runtime_error>([&] { const ScratchFile file(nowhere, 1); }), HasSubstr(nowhere.string()));
}

}  // namespace
}  // namespace biossl
