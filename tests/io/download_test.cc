#include "biossl/io/download.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "biossl/core/atomic_file.h"
#include "biossl/core/error.h"
#include "biossl/core/file.h"
#include "biossl/core/stopwatch.h"
#include "tests/support/http_server.h"
#include "tests/support/message_of.h"
#include "tests/support/temporary_folder.h"

// Every server here is one of the test's own; none is on the internet.

namespace biossl {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::HttpAnswer;
using testing::HttpRequest;
using testing::HttpServer;
using testing::message_of;

std::string some_bytes() {
  std::string bytes;
  for (std::int64_t i = 0; i < 200'000; ++i) bytes += static_cast<char>(i * i / 3);
  return bytes;
}

class Download : public ::testing::Test {
 protected:
  void load(const std::string& address, const Progress& progress = {}, int attempts = 3) {
    download(address, part_, static_cast<std::int64_t>(bytes_.size()), progress,
             {.attempts = attempts, .pause_seconds = 0.001, .stall_seconds = 1, .connect_seconds = 2, .redirects = 4});
  }
  void load(const HttpServer& server) { load(server.address() + "file"); }

  template <class Fault>
  std::string refusal(const HttpServer& server) {
    return message_of<Fault>([&] { load(server); });
  }

  /// The part of an earlier load.
  void has_come(std::size_t bytes) { write_file(part_, bytes_.substr(0, bytes)); }
  void expect_part(std::size_t bytes) const { EXPECT_EQ(read_file(part_), bytes_.substr(0, bytes)); }

  testing::TemporaryFolder folder_;
  fs::path part_ = folder_.path() / "file.part";
  std::string bytes_ = some_bytes();
};

TEST_F(Download, LoadsAFileAndShowsItsProgress) {
  const HttpServer server([&](const HttpRequest&) { return testing::whole(bytes_); });
  std::int64_t last = -1;
  load(server.address() + "a/b.bin", [&](std::int64_t done, std::int64_t bytes, std::string_view) {
    EXPECT_GE(done, last);
    EXPECT_EQ(bytes, 200'000);
    last = done;
  });
  EXPECT_EQ(last, 200'000);
  EXPECT_EQ(read_file(part_), bytes_);
  ASSERT_EQ(server.requests().size(), 1U);
  EXPECT_EQ(server.requests()[0].path, "/a/b.bin");
  EXPECT_FALSE(server.requests()[0].from);
}

TEST_F(Download, GoesOnWithWhatHasCome) {
  const HttpServer server([&](const HttpRequest& request) { return testing::ranged(bytes_, request); });
  has_come(150'000);
  load(server);
  EXPECT_EQ(read_file(part_), bytes_);
  EXPECT_EQ(server.requests().at(0).from, 150'000);
  load(server);
  EXPECT_EQ(server.requests().size(), 1U) << "all had come";
}

TEST_F(Download, StartsAnewWhereRangesAreNotKnown) {
  const HttpServer server([&](const HttpRequest&) { return testing::whole(bytes_); });
  has_come(150'000);
  load(server);
  EXPECT_EQ(read_file(part_), bytes_);
}

TEST_F(Download, StartsAnewWhenMoreHasComeThanThereIs) {
  const HttpServer server([&](const HttpRequest& request) { return testing::ranged(bytes_, request); });
  write_file(part_, bytes_ + "more");
  load(server);
  EXPECT_EQ(read_file(part_), bytes_);
}

TEST_F(Download, TakesUpABrokenConnection) {
  const HttpServer server(
      [&](const HttpRequest& request) { return testing::broken_after(30'000, testing::ranged(bytes_, request)); });
  load(server);
  EXPECT_EQ(read_file(part_), bytes_);
  EXPECT_EQ(server.requests().size(), 7U);
}

TEST_F(Download, GivesUpOnAConnectionThatAlwaysBreaks) {
  const HttpServer server([&](const HttpRequest&) { return testing::broken_after(1'000, testing::whole(bytes_)); });
  EXPECT_THAT(refusal<DownloadFault>(server), HasSubstr(server.address()));
  EXPECT_EQ(server.requests().size(), 4U);
  expect_part(1'000);
}

TEST_F(Download, GivesUpOnAServerWithoutRangesThatBreaksOffHereAndThere) {
  std::size_t calls = 0;
  const HttpServer server([&](const HttpRequest&) {
    return testing::broken_after(++calls % 2 == 1 ? 5'000 : 3'000, testing::whole(bytes_));
  });
  refusal<DownloadFault>(server);
  EXPECT_EQ(server.requests().size(), 4U);
}

TEST_F(Download, GivesUpOnAnAnswerWithoutLengthThatEndsEarly) {
  const HttpServer server(
      [&](const HttpRequest&) { return HttpAnswer{.head = "HTTP/1.1 200 OK", .body = bytes_.substr(0, 10)}; });
  EXPECT_THAT(refusal<DownloadFault>(server), HasSubstr("ends the file early"));
}

TEST_F(Download, AStatusOfAFaultCostsNothingOfWhatHasCome) {
  for (const int status : {204, 302, 304, 403, 404, 500, 503}) {
    const HttpServer server([&](const HttpRequest&) { return testing::only_status(status); });
    has_come(1'000);
    EXPECT_THAT(refusal<DownloadFault>(server), HasSubstr("status " + std::to_string(status)));
    expect_part(1'000);
    EXPECT_EQ(server.requests().size(), status >= 500 ? 3U : 1U) << "a server that is busy may be asked again";
  }
}

TEST_F(Download, ABusyServerIsAskedAgain) {
  int calls = 0;
  const HttpServer server([&](const HttpRequest& request) {
    return ++calls < 3 ? testing::only_status(503) : testing::ranged(bytes_, request);
  });
  load(server);
  EXPECT_EQ(read_file(part_), bytes_);
}

TEST_F(Download, RefusesAFileOfAnotherLength) {
  const HttpServer whole([&](const HttpRequest&) { return testing::whole(bytes_ + "more"); });
  const HttpServer ranged([&](const HttpRequest& request) { return testing::ranged(bytes_ + "more", request); });
  const HttpServer shorter([&](const HttpRequest& request) { return testing::ranged("short", request); });
  for (const HttpServer* server : {&whole, &ranged, &shorter}) {
    has_come(1'000);
    EXPECT_THAT(refusal<BadInput>(*server), HasSubstr("bytes, the file that is wanted has 200000"));
    expect_part(1'000);
  }
}

TEST_F(Download, RefusesAFileThatDoesNotEnd) {
  const HttpServer server(
      [&](const HttpRequest&) { return HttpAnswer{.head = "HTTP/1.1 200 OK", .body = bytes_ + bytes_}; });
  EXPECT_THAT(refusal<BadInput>(server), HasSubstr("is longer than the 200000 bytes"));
  EXPECT_FALSE(fs::exists(part_));
}

TEST_F(Download, RefusesAWebPage) {
  const HttpServer server([&](const HttpRequest&) {
    return HttpAnswer{.head = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8", .body = "<html>Log in"};
  });
  has_come(1'000);
  EXPECT_THAT(refusal<BadInput>(server), HasSubstr("is a web page"));
  expect_part(1'000);
}

TEST_F(Download, RefusesAnotherRangeThanItAskedFor) {
  for (const char* range :
       {"bytes 0-199999/200000", "bytes 999-199999/200000", "bytes 1000-/x", "bytes", "items 1000-2/3",
        "bytes 1000/5-7", "bytes 99999999999999999999-1/2", "bytes -1000-2/200000"}) {
    const HttpServer server([&](const HttpRequest&) {
      return HttpAnswer{.head = fmt::format("HTTP/1.1 206 Partial Content\r\nContent-Range: {}", range), .body = "x"};
    });
    has_come(1'000);
    EXPECT_THAT(refusal<BadInput>(server), HasSubstr("another range")) << range;
    expect_part(1'000);
  }
}

TEST_F(Download, RefusesARangeThatItDidNotAskFor) {
  const HttpServer server([&](const HttpRequest&) {
    return HttpAnswer{.head = "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-199999/200000", .body = bytes_};
  });
  EXPECT_THAT(refusal<BadInput>(server), HasSubstr("another range"));
}

TEST_F(Download, FollowsRedirects) {
  const HttpServer server([&](const HttpRequest& request) {
    return request.path == "/file" ? testing::redirect("/there") : testing::ranged(bytes_, request);
  });
  has_come(1'000);
  load(server);
  EXPECT_EQ(read_file(part_), bytes_);
  EXPECT_EQ(server.requests().at(1).from, 1'000);
}

TEST_F(Download, FollowsNoEndlessRedirects) {
  const HttpServer server([&](const HttpRequest& request) { return testing::redirect(request.path + "x"); });
  EXPECT_THAT(refusal<BadInput>(server), HasSubstr("leads on and on"));
  EXPECT_EQ(server.requests().size(), 5U);
  EXPECT_FALSE(fs::exists(part_));
}

TEST_F(Download, FollowsNoRedirectToOtherProtocols) {
  write_file(folder_.path() / "secret", bytes_);
  for (const std::string& to : {"file://" + (folder_.path() / "secret").string(), std::string("ftp://127.0.0.1/x"),
                                std::string("gopher://127.0.0.1/x"), std::string("dict://127.0.0.1/x")}) {
    const HttpServer server([&](const HttpRequest&) { return testing::redirect(to); });
    EXPECT_THAT(refusal<BadInput>(server), HasSubstr("not http or https")) << to;
    EXPECT_FALSE(fs::exists(part_));
  }
  EXPECT_THROW(load("file://" + (folder_.path() / "secret").string()), BadInput);
}

TEST_F(Download, SaysAtOnceThatNobodyAnswers) {
  const Stopwatch watch;
  const std::string address = testing::closed_address();
  EXPECT_THAT(message_of<DownloadFault>([&] { load(address); }), HasSubstr(address));
  EXPECT_LT(watch.seconds(), 1.5);
  EXPECT_FALSE(fs::exists(part_));
}

TEST_F(Download, LeavesAServerThatFallsSilent) {
  const HttpServer server([&](const HttpRequest&) {
    HttpAnswer answer = testing::whole(bytes_);
    answer.piece = 50'000;
    answer.pause_ms = 2'500;
    return answer;
  });
  EXPECT_THAT(message_of<DownloadFault>([&] { load(server.address(), {}, 1); }), HasSubstr(server.address()));
}

TEST_F(Download, StopsWhenProgressThrowsAndKeepsWhatHasCome) {
  const HttpServer server([&](const HttpRequest&) {
    HttpAnswer answer = testing::whole(bytes_);
    answer.piece = 10'000;
    answer.pause_ms = 20;
    return answer;
  });
  const Progress stop = [](std::int64_t done, std::int64_t, std::string_view) {
    if (done >= 20'000) throw std::domain_error("stop");
  };
  EXPECT_THROW(load(server.address(), stop), std::domain_error);
  EXPECT_GE(fs::file_size(part_), 20'000U);
  expect_part(fs::file_size(part_));
}

TEST_F(Download, NamesAPartThatCannotBeWritten) {
  const HttpServer server([&](const HttpRequest&) { return testing::whole(bytes_); });
  part_ = folder_.path() / "nowhere" / "file.part";
  EXPECT_THAT(refusal<WriteError>(server), HasSubstr("file.part: cannot be created"));
  part_ = folder_.path();
  EXPECT_THAT(refusal<WriteError>(server), HasSubstr(part_.string()));
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(Download, WritesThroughNoLink) {
  const HttpServer server([&](const HttpRequest&) { return testing::whole(bytes_); });
  write_file(folder_.path() / "bystander", "untouched");
  fs::create_symlink("bystander", part_);
  EXPECT_THAT(refusal<WriteError>(server), HasSubstr("file.part"));
  EXPECT_EQ(read_file(folder_.path() / "bystander"), "untouched");
}

}  // namespace
}  // namespace biossl
