// What the scripts behind `make` say where they cannot go on. The programs that they start are exchanged for small
// ones.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "biossl/core/atomic_file.h"
#include "biossl/core/file.h"
#include "tests/support/paths.h"
#include "tests/support/process.h"
#include "tests/support/temporary_folder.h"

namespace biossl {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Scripts : public ::testing::Test {
 protected:
  Scripts() {
    std::filesystem::create_directory(bin());
    for (const char* name : {"bash", "env", "dirname", "sed", "grep", "awk", "mktemp", "rm", "cat", "tail", "head",
                             "paste", "sort", "mkdir"}) {
      std::filesystem::create_symlink(std::filesystem::path("/usr/bin") / name, bin() / name);
    }
    tool("id", "echo 0");
    tool("dpkg", "true");  // the system's oneDNN is new enough
    tool("df", "echo; echo '/dev/x 9 9 99999 9% /'");
  }

  /// The only folder where the scripts find programs.
  std::filesystem::path bin() const { return folder_.path() / "bin"; }

  void tool(const std::string& name, const std::string& script) const {
    write_file(bin() / name, "#!/bin/sh\n" + script + "\n");
    std::filesystem::permissions(bin() / name, std::filesystem::perms::owner_all);
  }

  /// A Debian system that lacks every package, on which `apt-get install` says this and fails.
  void apt_get_fails(const std::string& message) const {
    tool("dpkg-query", "false");
    tool("apt-get", "case \"$*\" in *install*) echo '" + message + "' >&2; false ;; esac");
  }

  testing::Outcome run(const std::string& script, const std::vector<std::string>& arguments = {}) const {
    std::vector<std::string> words{"-i", "PATH=" + bin().string(), "bash",
                                   std::string(testing::paths::source) + "/scripts/" + script};
    words.insert(words.end(), arguments.begin(), arguments.end());
    return testing::Process("/usr/bin/env", folder_.path(), words).wait();
  }

  testing::TemporaryFolder folder_;
};

TEST_F(Scripts, SetupInstallsWhatIsMissingAndNothingElse) {
  tool("dpkg-query", "for last; do :; done; [ \"$last\" = cmake ] || echo installed");
  tool("apt-get", "echo \"$@\" >> " + (folder_.path() / "calls").string());
  EXPECT_EQ(run("setup.sh").code, 0);
  EXPECT_THAT(read_file(folder_.path() / "calls"),
              AllOf(HasSubstr("install"), HasSubstr(" cmake\n"), Not(HasSubstr("g++"))));
}

TEST_F(Scripts, SetupDoesNothingWhereNothingIsMissing) {
  tool("dpkg-query", "echo installed");
  tool("apt-get", "echo called; false");
  const testing::Outcome outcome = run("setup.sh");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out + outcome.error, "");
}

TEST_F(Scripts, SetupFetchesOnednnWhereTheSystemsIsOld) {
  tool("dpkg-query", "echo installed");
  tool("dpkg", "false");
  tool("apt-get", "false");
  tool("cmake", "echo \"$@\"");
  const testing::Outcome outcome = run("setup.sh");
  EXPECT_EQ(outcome.code, 0) << outcome.error;
#if defined(__x86_64__)
  EXPECT_THAT(outcome.out, HasSubstr("fetch_onednn.cmake"));
#endif
}

TEST_F(Scripts, SetupSaysThatThereIsNoNetwork) {
  apt_get_fails("E: Failed to fetch http://deb.debian.org/x  Temporary failure resolving");
  const testing::Outcome outcome = run("setup.sh");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.error, HasSubstr("setup: apt-get cannot reach its servers: is there a network?"));
}

TEST_F(Scripts, SetupSaysThatTheDiskIsFull) {
  apt_get_fails("E: You do not have enough free space in /var/cache/apt/archives/.");
  EXPECT_THAT(run("setup.sh").error, HasSubstr("setup: there is no room on the disk"));
}

TEST_F(Scripts, SetupSaysWhichPackageAnOldSystemLacks) {
  apt_get_fails("E: Unable to locate package libtomlplusplus-dev");
  EXPECT_THAT(run("setup.sh").error, HasSubstr("setup: this system has no package libtomlplusplus-dev: biossl needs"));
}

TEST_F(Scripts, SetupShowsWhatAptGetSaysOfAnythingElse) {
  apt_get_fails("E: dpkg was interrupted");
  EXPECT_THAT(run("setup.sh").error,
              AllOf(HasSubstr("E: dpkg was interrupted"), HasSubstr("by hand: apt-get install g++")));
}

TEST_F(Scripts, SetupNamesThePackagesWhereNobodyCanInstallThem) {
  apt_get_fails("");
  tool("id", "echo 1000");
  const testing::Outcome outcome = run("setup.sh");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.error,
              HasSubstr("setup: neither root nor sudo: ask whoever is root here for: apt-get install g++"));
}

TEST_F(Scripts, SetupNamesWhatIsNeededOnAnotherSystem) {
  tool("c++", "");
  tool("cmake", "");
  EXPECT_THAT(run("setup.sh").error,
              HasSubstr("setup: there is no ninja, and no apt-get to install it with; biossl needs"));
  tool("ninja", "");
  EXPECT_EQ(run("setup.sh").code, 0);
}

/// In a folder of its own, since configuring writes to the one that the scripts are in.
class Configuring : public Scripts {
 protected:
  Configuring() {
    std::filesystem::create_directory(folder_.path() / "scripts");
    for (const char* name : {"configure.sh", "setup.sh"}) {
      std::filesystem::copy(std::filesystem::path(testing::paths::source) / "scripts" / name,
                            folder_.path() / "scripts");
    }
    write_file(folder_.path() / "CMakePresets.json", "{}");
  }

  /// CMake of this version, which does this when it is to configure.
  void cmake(const std::string& version, const std::string& configure) const {
    tool("cmake", "[ \"$1\" = --version ] && echo cmake version " + version + " && exit\n" + configure);
  }

  testing::Outcome configure() const {
    const std::vector<std::string> words{"-i", "PATH=" + bin().string(), "bash",
                                         (folder_.path() / "scripts/configure.sh").string(), "release"};
    return testing::Process("/usr/bin/env", folder_.path(), words).wait();
  }

  std::filesystem::path build() const { return folder_.path() / "build/release"; }
};

TEST_F(Configuring, RefusesAnOldCMake) {
  cmake("3.22.1", "");
  const testing::Outcome outcome = configure();
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.error,
            "configure: CMake 3.22.1 is too old: biossl needs 3.25 or newer; `pip install cmake` brings one\n");
}

TEST_F(Configuring, SaysThatThereIsNoCMake) {
  EXPECT_THAT(configure().error, HasSubstr("configure: there is no cmake; biossl needs a C++20 compiler"));
}

TEST_F(Configuring, RefusesAFullDisk) {
  cmake("3.31.0", "");
  tool("df", "echo; echo '/dev/x 9 9 12 99% /'");
  EXPECT_THAT(configure().error, HasSubstr("configure: 12 MiB are free in "));
}

TEST_F(Configuring, ShowsTheFirstErrorAndWhereTheRestIs) {
  cmake("3.25.1",
        "echo '-- Found ZLIB'; echo 'CMake Error at CMakeLists.txt:20 (find_package):'; echo '  Could not find fmt.'; "
        "echo; echo 'Call Stack (most recent call first):'; echo '  CMakeLists.txt:20'; echo; "
        "echo 'CMake Error: a consequence'; exit 1");
  const testing::Outcome outcome = configure();
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.error, ::testing::StartsWith("CMake Error at CMakeLists.txt:20 (find_package):\n"
                                                   "  Could not find fmt.\nconfigure: biossl needs a C++20 compiler"));
  EXPECT_THAT(outcome.error,
              ::testing::EndsWith("configure: CMake failed; all that it wrote is in build/release/configure.log\n"));
  EXPECT_THAT(read_file(build() / "configure.log"), HasSubstr("a consequence"));
}

TEST_F(Configuring, IsDoneOnceUntilThePresetsChange) {
  cmake("3.25.1", "echo configured >> build/release/calls; echo > build/release/build.ninja");
  const auto presets = folder_.path() / "CMakePresets.json";
  const auto now = std::filesystem::last_write_time(presets);
  std::filesystem::last_write_time(presets, now - std::chrono::seconds(10));
  EXPECT_EQ(configure().code, 0);
  EXPECT_EQ(configure().code, 0);
  EXPECT_EQ(read_file(build() / "calls"), "configured\n");
  std::filesystem::last_write_time(presets, now + std::chrono::seconds(10));
  EXPECT_EQ(configure().code, 0);
  EXPECT_EQ(read_file(build() / "calls"), "configured\nconfigured\n");
}

}  // namespace
}  // namespace biossl
