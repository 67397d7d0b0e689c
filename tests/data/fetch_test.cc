#include "biossl/data/fetch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <set>

#include "biossl/core/atomic_file.h"
#include "biossl/core/error.h"
#include "biossl/core/file.h"
#include "biossl/core/folder_lock.h"
#include "biossl/core/staging_folder.h"
#include "biossl/io/checksum.h"
#include "tests/support/http_server.h"
#include "tests/support/message_of.h"
#include "tests/support/tar.h"
#include "tests/support/temporary_folder.h"

// Data sets of a few bytes, from servers of the tests' own.

namespace biossl {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::HttpRequest;
using testing::HttpServer;
using testing::message_of;
using testing::tar_gz;
using testing::TarEntry;
using ::testing::UnorderedElementsAre;

class Fetching : public ::testing::Test {
 protected:
  /// Publishes files: the server hands them out, and the source knows their lengths and sums.
  void publish(const std::string& name, const std::string& bytes) {
    published_[name] = bytes;
    write_file(folder_.path() / "scratch", bytes);
    source_.files.push_back({.name = name,
                             .bytes = static_cast<std::int64_t>(bytes.size()),
                             .sha256 = sha256_of(folder_.path() / "scratch")});
  }

  void publish_archive(const std::vector<TarEntry>& entries) {
    publish("tiny.tar.gz", tar_gz(entries));
    source_.unpacked = {{.name = "train.bin", .bytes = 5}, {.name = "names.txt", .bytes = 0}};
    source_.unpacked_bytes = 100;
  }
  void publish_good_archive() {
    publish_archive({{.path = "tiny-bin/train.bin", .data = "12345"},
                     {.path = "tiny-bin/names.txt", .data = "cat\n"},
                     {.path = "tiny-bin/readme", .data = "theirs"}});
  }
  void publish_plain_files() {
    publish("images.gz", "images");
    publish("labels.gz", "labels");
  }

  FetchOutcome run(const std::string& from = "") {
    source_.addresses = addresses_.empty() ? std::vector{server_.address()} : addresses_;
    return fetch(source_, {.data = data_,
                           .from = from,
                           .download = {.attempts = 2, .pause_seconds = 0.001, .stall_seconds = 1},
                           .progress = progress_});
  }
  template <class Fault>
  std::string refusal(const std::string& from = "") {
    return message_of<Fault>([&] { run(from); });
  }

  std::set<std::string> names_in(const fs::path& folder) const {
    std::set<std::string> names;
    std::error_code missing;
    for (const auto& entry : fs::directory_iterator(folder, missing)) names.insert(entry.path().filename().string());
    return names;
  }
  void expect_unpacked() const {
    EXPECT_THAT(names_in(data_), UnorderedElementsAre("tiny-bin"));
    EXPECT_EQ(read_file(data_ / "tiny-bin/train.bin"), "12345");
    EXPECT_EQ(read_file(data_ / "tiny-bin/names.txt"), "cat\n");
  }

  testing::TemporaryFolder folder_;
  fs::path data_ = folder_.path() / "data";
  fs::path elsewhere_ = folder_.path() / "elsewhere";
  std::map<std::string, std::string> published_;
  DataSource source_{
      .name = "tiny", .folder = "tiny-bin", .addresses = {}, .files = {}, .unpacked = {}, .unpacked_bytes = 0};
  std::vector<std::string> addresses_;
  std::function<Progress(const std::string&)> progress_;
  HttpServer server_{[this](const HttpRequest& request) {
    const auto found = published_.find(request.path.substr(request.path.rfind('/') + 1));
    return found == published_.end() ? testing::only_status(404) : testing::ranged(found->second, request);
  }};
};

TEST_F(Fetching, UnpacksAnArchiveAndLeavesNothingElse) {
  publish_good_archive();
  std::vector<std::string> stages;
  progress_ = [&](const std::string& stage) {
    stages.push_back(stage);
    return [](std::int64_t, std::int64_t, std::string_view) {};
  };
  const FetchOutcome outcome = run();
  EXPECT_FALSE(outcome.was_complete);
  EXPECT_EQ(outcome.folder, data_ / "tiny-bin");
  expect_unpacked();
  EXPECT_EQ(stages, (std::vector<std::string>{"loading tiny", "checking tiny", "unpacking tiny"}));
}

TEST_F(Fetching, LoadsNothingOfACompleteSet) {
  publish_good_archive();
  run();
  const std::size_t requests = server_.requests().size();
  EXPECT_TRUE(run().was_complete);
  EXPECT_TRUE(run(testing::closed_address()).was_complete);
  data_ /= "tiny-bin";
  EXPECT_TRUE(run().was_complete) << "the set's folder itself";
  EXPECT_EQ(server_.requests().size(), requests);
}

TEST_F(Fetching, CompletesAFolderAndKeepsWhatElseIsInIt) {
  publish_good_archive();
  fs::create_directories(data_ / "tiny-bin");
  write_file(data_ / "tiny-bin/train.bin", "123");
  write_file(data_ / "tiny-bin/readme", "mine");
  write_file(data_ / "tiny-bin/notes", "mine");
  run();
  expect_unpacked();
  EXPECT_EQ(read_file(data_ / "tiny-bin/readme"), "mine");
  EXPECT_EQ(read_file(data_ / "tiny-bin/notes"), "mine");
}

TEST_F(Fetching, RefusesWrongBytesAndLosesNothing) {
  publish_good_archive();
  std::string& bytes = published_["tiny.tar.gz"];
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  fs::create_directories(data_ / "tiny-bin");
  write_file(data_ / "tiny-bin/train.bin", "123");
  EXPECT_THAT(refusal<BadInput>(), AllOf(HasSubstr(server_.address() + "tiny.tar.gz: has the SHA-256 "),
                                         HasSubstr(source_.files[0].sha256), HasSubstr("removed")));
  EXPECT_THAT(names_in(data_), UnorderedElementsAre("tiny-bin"));
  EXPECT_EQ(read_file(data_ / "tiny-bin/train.bin"), "123");
}

TEST_F(Fetching, GoesOnWithAPartAndRemovesAForeignOne) {
  publish_good_archive();
  fs::create_directories(data_);
  write_file(data_ / "tiny.tar.gz.part", published_["tiny.tar.gz"].substr(0, 50));
  run();
  EXPECT_EQ(server_.requests().at(0).from, 50);
  expect_unpacked();
  fs::remove_all(data_ / "tiny-bin");
  write_file(data_ / "tiny.tar.gz.part", "of another file");
  EXPECT_THROW(run(), BadInput);
  EXPECT_TRUE(names_in(data_).empty());
  run();
  expect_unpacked();
}

TEST_F(Fetching, TriesOneAddressAfterTheOther) {
  publish_good_archive();
  const HttpServer wrong([](const HttpRequest&) { return testing::whole("something else"); });
  const HttpServer missing([](const HttpRequest&) { return testing::only_status(404); });
  addresses_ = {testing::closed_address(), missing.address(), wrong.address(), server_.address()};
  run();
  expect_unpacked();
}

TEST_F(Fetching, SaysWhatToPutWhereWithoutANetwork) {
  publish_good_archive();
  addresses_ = {testing::closed_address()};
  EXPECT_THAT(refusal<DownloadFault>(),
              HasSubstr(fmt::format("by hand: load {}tiny.tar.gz elsewhere, put it into {}, and run this again",
                                    addresses_[0], data_.string())));
  write_file(data_ / "tiny.tar.gz", published_["tiny.tar.gz"]);
  run();
  EXPECT_EQ(read_file(data_ / "tiny-bin/train.bin"), "12345");
  EXPECT_TRUE(fs::exists(data_ / "tiny.tar.gz")) << "what a user has put there stays";
}

TEST_F(Fetching, TakesALocalFolderOrFile) {
  publish_good_archive();
  fs::create_directories(elsewhere_);
  write_file(elsewhere_ / "tiny.tar.gz", published_["tiny.tar.gz"]);
  for (const fs::path& from : {elsewhere_, elsewhere_ / "tiny.tar.gz"}) {
    run(from.string());
    expect_unpacked();
    fs::remove_all(data_);
  }
  EXPECT_TRUE(server_.requests().empty());
  EXPECT_THAT(names_in(elsewhere_), UnorderedElementsAre("tiny.tar.gz"));
}

TEST_F(Fetching, KeepsALocalFileThatIsDamaged) {
  publish_good_archive();
  fs::create_directories(elsewhere_);
  write_file(elsewhere_ / "tiny.tar.gz", "short");
  EXPECT_THAT(refusal<BadInput>(elsewhere_.string()), AllOf(HasSubstr("tiny.tar.gz: has 5 bytes"), HasSubstr("again")));
  write_file(elsewhere_ / "tiny.tar.gz", std::string(published_["tiny.tar.gz"].size(), 'x'));
  EXPECT_THAT(refusal<BadInput>(elsewhere_.string()), HasSubstr("tiny.tar.gz: has the SHA-256"));
  EXPECT_TRUE(fs::exists(elsewhere_ / "tiny.tar.gz"));
  EXPECT_TRUE(names_in(data_).empty());
}

TEST_F(Fetching, SaysWhatALocalFolderLacks) {
  publish_good_archive();
  EXPECT_THAT(refusal<BadInput>(elsewhere_.string()),
              AllOf(HasSubstr(elsewhere_.string() + ": holds no tiny.tar.gz"), HasSubstr(server_.address())));
}

TEST_F(Fetching, TakesAMirror) {
  publish_good_archive();
  for (const std::string& from :
       {server_.address() + "mirror", server_.address() + "mirror/", server_.address() + "mirror/tiny.tar.gz"}) {
    addresses_ = {testing::closed_address()};
    run(from);
    expect_unpacked();
    fs::remove_all(data_);
    EXPECT_EQ(server_.requests().back().path, "/mirror/tiny.tar.gz");
  }
}

TEST_F(Fetching, RefusesImpossibleRequests) {
  publish_good_archive();
  for (const char* from : {"ftp://host/x", "file:///etc", "HTTP://x"}) {
    EXPECT_THAT(refusal<std::invalid_argument>(from), HasSubstr("only http and https"));
  }
  write_file(data_, "a file");
  EXPECT_THAT(refusal<std::invalid_argument>(), HasSubstr("is no folder"));
  data_ = "";
  EXPECT_THAT(refusal<std::invalid_argument>(), HasSubstr("--data DIR names the folder to put tiny into"));
}

TEST_F(Fetching, AnotherProcessAtWorkIsNamed) {
  publish_good_archive();
  fs::create_directories(data_);
  const FolderLock lock(data_);
  EXPECT_THAT(refusal<InUse>(), HasSubstr(data_.string()));
}

TEST_F(Fetching, AHostileArchiveLeavesNothing) {
  publish_archive({{.path = "tiny-bin/train.bin", .data = "12345"}, {.path = "../escaped", .data = "x"}});
  EXPECT_THAT(refusal<BadInput>(), HasSubstr("leads out of its folder"));
  EXPECT_THAT(names_in(data_), UnorderedElementsAre("tiny.tar.gz.part"));
  EXPECT_FALSE(fs::exists(folder_.path() / "escaped"));
}

TEST_F(Fetching, AnArchiveOfSomethingElseLeavesNothing) {
  publish_archive({{.path = "tiny-bin/train.bin", .data = "123"}, {.path = "tiny-bin/names.txt", .data = "cat"}});
  EXPECT_THAT(refusal<BadInput>(), HasSubstr("holds no tiny-bin/train.bin of 5 bytes"));
  EXPECT_THAT(names_in(data_), UnorderedElementsAre("tiny.tar.gz.part"));
}

TEST_F(Fetching, AStopWhileUnpackingKeepsWhatWasLoaded) {
  publish_good_archive();
  progress_ = [](const std::string& stage) {
    return [stops = stage.starts_with("unpacking")](std::int64_t, std::int64_t, std::string_view) {
      if (stops) throw std::domain_error("stop");
    };
  };
  EXPECT_THROW(run(), std::domain_error);
  EXPECT_THAT(names_in(data_), UnorderedElementsAre("tiny.tar.gz.part"));
  progress_ = nullptr;
  fs::create_directories(data_ / "tiny.unpacking/content/tiny-bin/left by a killed process");
  write_file(data_ / "tiny.unpacking" / StagingFolder::mark, "");
  run();
  expect_unpacked();
  EXPECT_EQ(server_.requests().size(), 1U);
}

TEST_F(Fetching, AFolderOfTheUsersIsNotRemoved) {
  publish_good_archive();
  fs::create_directories(data_ / "tiny.unpacking");
  write_file(data_ / "tiny.unpacking/notes", "mine");
  EXPECT_THAT(refusal<WriteError>(), AllOf(HasSubstr("tiny.unpacking"), HasSubstr("move it away")));
  EXPECT_EQ(read_file(data_ / "tiny.unpacking/notes"), "mine");
  fs::remove_all(data_ / "tiny.unpacking");
  run();
  expect_unpacked();
  EXPECT_EQ(server_.requests().size(), 1U) << "what has been loaded is kept";
}

TEST_F(Fetching, StoresFilesThatAreUsedAsTheyAre) {
  publish_plain_files();
  run();
  EXPECT_THAT(names_in(data_ / "tiny-bin"), UnorderedElementsAre("images.gz", "labels.gz"));
  EXPECT_EQ(read_file(data_ / "tiny-bin/labels.gz"), "labels");
  EXPECT_TRUE(run().was_complete);
  write_file(data_ / "tiny-bin/labels.gz", "lobels");
  run();
  EXPECT_EQ(read_file(data_ / "tiny-bin/labels.gz"), "labels");
  EXPECT_EQ(server_.requests().size(), 3U);
}

TEST_F(Fetching, AFileStaysUntilABetterOneIsThere) {
  publish_plain_files();
  fs::create_directories(data_ / "tiny-bin");
  write_file(data_ / "tiny-bin/images.gz", "mine");
  addresses_ = {testing::closed_address()};
  EXPECT_THAT(refusal<DownloadFault>(), HasSubstr("put it into " + (data_ / "tiny-bin").string()));
  EXPECT_EQ(read_file(data_ / "tiny-bin/images.gz"), "mine");
}

TEST_F(Fetching, CopiesFilesOfALocalFolder) {
  publish_plain_files();
  fs::create_directories(elsewhere_);
  for (const auto& [name, bytes] : published_) write_file(elsewhere_ / name, bytes);
  run(elsewhere_.string());
  EXPECT_THAT(names_in(data_ / "tiny-bin"), UnorderedElementsAre("images.gz", "labels.gz"));
  EXPECT_TRUE(run().was_complete);
  EXPECT_TRUE(server_.requests().empty());
}

TEST(Sources, AreWholeAndFindable) {
  std::set<std::string> names;
  for (const DataSource& source : data_sources()) {
    EXPECT_TRUE(names.insert(source.name).second);
    EXPECT_EQ(&find_source(data_sources(), source.name), &source);
    EXPECT_FALSE(source.files.empty());
    EXPECT_TRUE(!source.is_archive() || source.files.size() == 1);
    for (const std::string& address : source.addresses) EXPECT_THAT(address, ::testing::MatchesRegex("https?://.*/"));
    for (const SourceFile& file : source.files) {
      EXPECT_GT(file.bytes, 0);
      EXPECT_EQ(file.sha256.size(), 64U);
      EXPECT_EQ(file.sha256.find_first_not_of("0123456789abcdef"), std::string::npos);
    }
    std::int64_t bytes = 0;
    for (const UnpackedFile& file : source.unpacked) bytes += file.bytes;
    EXPECT_GE(source.unpacked_bytes, bytes);
  }
  EXPECT_THAT(message_of<std::invalid_argument>([] { find_source(data_sources(), "cifar"); }),
              HasSubstr("did you mean 'cifar10'?"));
}

}  // namespace
}  // namespace biossl
