// The set-up's way to a current oneDNN (cmake/fetch_onednn.cmake), where it does not come as it should.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <regex>
#include <string>

#include "biossl/core/atomic_file.h"
#include "biossl/core/file.h"
#include "tests/support/paths.h"
#include "tests/support/process.h"
#include "tests/support/temporary_folder.h"

namespace biossl {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::Outcome;
using testing::Process;
using testing::TemporaryFolder;

class FetchOnednn : public ::testing::Test {
 protected:
  /// Fetches from files in source_ instead of the network.
  Outcome fetch() const {
    return Process(testing::paths::cmake, folder_.path(),
                   {"-D", "FOLDER=" + wanted_.string(), "-D", "SOURCE=file://" + source_.string(), "-P", script_})
        .wait();
  }

  void expect_one_line(const std::string& reason) const {
    const Outcome outcome = fetch();
    EXPECT_EQ(outcome.code, 0);
    EXPECT_THAT(outcome.error, AllOf(HasSubstr("cannot be fetched"), HasSubstr(reason), HasSubstr("system's")));
    EXPECT_EQ(std::ranges::count(outcome.error, '\n'), 1) << outcome.error;
    EXPECT_FALSE(std::filesystem::exists(wanted_.string() + ".partial"));
  }

  TemporaryFolder folder_;
  std::filesystem::path source_ = folder_.path() / "source";
  std::filesystem::path wanted_ = folder_.path() / "onednn";
  std::string script_ = std::string(testing::paths::source) + "/cmake/fetch_onednn.cmake";
};

TEST_F(FetchOnednn, WithoutItsSourceSaysSoInOneLineAndLeavesNothing) {
  expect_one_line("file://");
  EXPECT_FALSE(std::filesystem::exists(wanted_));
}

TEST_F(FetchOnednn, RefusesWhatHasAnotherChecksum) {
  const std::string script = read_file(script_);
  std::smatch wheel;
  ASSERT_TRUE(std::regex_search(script, wheel, std::regex("set\\(library (\\S+)\\)")));
  const std::filesystem::path file = source_ / wheel[1].str();
  std::filesystem::create_directories(file.parent_path());
  write_file(file, "not what was pinned");
  expect_one_line("checksum");
  EXPECT_FALSE(std::filesystem::exists(wanted_));
}

TEST_F(FetchOnednn, KeepsAnOlderOneWhereTheWantedOneCannotBeHad) {
  std::filesystem::create_directories(wanted_);
  write_file(wanted_ / "version", "3.1.0");
  expect_one_line("file://");
  EXPECT_EQ(read_file(wanted_ / "version"), "3.1.0");
}

TEST_F(FetchOnednn, FetchesNothingWhereTheWantedVersionIs) {
  const std::string script = read_file(script_);
  std::smatch version;
  ASSERT_TRUE(std::regex_search(script, version, std::regex("set\\(version (\\S+)\\)")));
  std::filesystem::create_directories(wanted_);
  write_file(wanted_ / "version", version[1].str());
  const Outcome outcome = fetch();
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out + outcome.error, "");
}

}  // namespace
}  // namespace biossl
