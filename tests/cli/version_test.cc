#include <dnnl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/paths.h"
#include "tests/support/process.h"
#include "tests/support/temporary_folder.h"

namespace biossl {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using testing::Outcome;
using testing::Process;
using testing::TemporaryFolder;

/// The program, with a oneDNN loaded that says to have this version.
Outcome with_onednn(const std::string& version, const std::vector<std::string>& arguments) {
  const TemporaryFolder folder;
  std::vector<std::string> words{"ASAN_OPTIONS=verify_asan_link_order=0",
                                 std::string("LD_PRELOAD=") + testing::paths::other_onednn, "OTHER_ONEDNN=" + version,
                                 testing::paths::program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return Process("/usr/bin/env", folder.path(), words).wait();
}

std::string version(int major, int minor, int patch) { return fmt::format("{}.{}.{}", major, minor, patch); }

TEST(Version, IsOneLineWithTheCommitAndTheLibraryThatComputes) {
  const TemporaryFolder folder;
  const Outcome told = Process(testing::paths::program, folder.path(), {"--version"}).wait();
  EXPECT_EQ(told.code, 0);
  EXPECT_THAT(told.out, MatchesRegex("biossl [0-9]+\\.[0-9]+\\.[0-9]+ \\([0-9a-z-]*, vector code [a-z0-9_]+, oneDNN "
                                     "[0-9]+\\.[0-9]+\\.[0-9]+ with [A-Za-z0-9 .-]+\\)\n"));
}

TEST(Version, IsTheLoadedLibrarysNotTheHeaders) {
  const std::string later = version(DNNL_VERSION_MAJOR, DNNL_VERSION_MINOR + 100, 7);
  const Outcome told = with_onednn(later, {"--version"});
  EXPECT_EQ(told.code, 0) << told.error;
  EXPECT_THAT(told.out, HasSubstr("oneDNN " + later + " with "));
}

TEST(Version, OfALibraryThatDoesNotFitIsRefusedInOneLine) {
  const std::vector<std::string> unfit{version(DNNL_VERSION_MAJOR, DNNL_VERSION_MINOR - 1, 9),
                                       version(DNNL_VERSION_MAJOR - 1, DNNL_VERSION_MINOR + 100, 0),
                                       version(DNNL_VERSION_MAJOR + 1, DNNL_VERSION_MINOR, 0)};
  for (const std::string& other : unfit) {
    const Outcome refused = with_onednn(other, {"list"});
    EXPECT_EQ(refused.code, 1) << other;
    EXPECT_THAT(refused.error, AllOf(HasSubstr("oneDNN " + other), HasSubstr("build it anew")));
    EXPECT_EQ(std::ranges::count(refused.error, '\n'), 1) << refused.error;
  }
}

}  // namespace
}  // namespace biossl
