#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "biossl/core/atomic_file.h"
#include "biossl/data/sources.h"
#include "tests/cli/program.h"
#include "tests/support/http_server.h"
#include "tests/support/paths.h"

// `biossl data fetch` from outside. No test loads anything from the internet.

namespace biossl {
namespace {

namespace fs = std::filesystem;
using testing::expect_one_line;
using ::testing::HasSubstr;
using testing::HttpAnswer;
using testing::HttpRequest;
using testing::HttpServer;
using testing::Outcome;
using testing::Process;

class Fetch : public testing::Program {
 protected:
  /// The answer of a server that would need minutes for CIFAR-10.
  static HttpAnswer slow(const HttpRequest& request) {
    const std::int64_t bytes = find_source(data_sources(), "cifar10").files[0].bytes;
    const std::int64_t from = request.from.value_or(0);
    return {.head = fmt::format("HTTP/1.1 {}\r\nContent-Range: bytes {}-{}/{}\r\nContent-Length: {}",
                                request.from ? "206 Partial Content" : "200 OK", from, bytes - 1, bytes, bytes - from),
            .body = std::string(20'000'000, 'x'),
            .piece = 10'000,
            .pause_ms = 5};
  }

  std::string part() const { return in("data/cifar-10-binary.tar.gz.part"); }
  bool wait_for_part(std::uintmax_t bytes) const {
    for (int i = 0; i < 3000; ++i) {
      std::error_code missing;
      if (const auto size = fs::file_size(part(), missing); !missing && size >= bytes) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }
};

TEST_F(Fetch, RefusesWhatItCannotDo) {
  expect_one_line(run({"data", "fetch", "cifar", "--data", in("data")}), 2, "did you mean 'cifar10'?");
  expect_one_line(run({"data", "fetch", "mnist"}), 2, "--data DIR names the folder to put mnist into");
  expect_one_line(run({"data", "fetch", "mnist", "--data", in("data"), "--from", "ftp://x"}), 2, "only http and https");
  expect_one_line(run({"data", "fetch", "mnist", "--data", recipe_}), 2, "is no folder");
  EXPECT_FALSE(fs::exists(in("data")));
}

TEST_F(Fetch, RecognisesACompleteSet) {
  for (const UnpackedFile& file : find_source(data_sources(), "cifar10").unpacked) {
    fs::create_directories(in("data/cifar-10-batches-bin"));
    write_file(in("data/cifar-10-batches-bin/" + file.name), "x");
    if (file.bytes > 0) fs::resize_file(in("data/cifar-10-batches-bin/" + file.name), file.bytes);  // of holes
  }
  const Outcome outcome = run({"data", "fetch", "cifar10", "--data", in("data"), "--from", in("nowhere")});
  EXPECT_EQ(outcome.code, 0) << outcome.error;
  EXPECT_EQ(outcome.out,
            fmt::format("cifar10: {} is complete; nothing had to be downloaded\n", in("data/cifar-10-batches-bin")));
}

TEST_F(Fetch, SaysWhatIsMissing) {
  expect_one_line(run({"data", "fetch", "stl10", "--data", in("data"), "--from", in("")}), 3,
                  "holds no stl10_binary.tar.gz; it comes from https://");
  expect_one_line(run({"data", "fetch", "fashion-mnist", "--data", in("data"), "--from", testing::closed_address()}), 1,
                  "by hand: load http://fashion-mnist");
}

TEST_F(Fetch, StopsInOrderAndSaysHowToGoOn) {
  const HttpServer server(slow);
  const std::vector<std::string> words{"data", "fetch", "cifar10", "--data", in("data"), "--from", server.address()};
  const Process process(testing::paths::program, folder_.path(), words);
  ASSERT_TRUE(wait_for_part(50'000));
  process.kill(SIGINT);
  expect_one_line(process.wait(), 128 + SIGINT,
                  fmt::format("stopped while loading cifar10; what has come is kept; go on with: {} data "
                              "fetch cifar10 --from {} --data {}",
                              testing::paths::program, server.address(), in("data")));
  const auto kept = fs::file_size(part());
  EXPECT_GE(kept, 50'000U);

  const Process again(testing::paths::program, folder_.path(), words);
  ASSERT_TRUE(wait_for_part(kept + 50'000));
  again.kill(SIGTERM);
  EXPECT_EQ(again.wait().code, 128 + SIGTERM);
  EXPECT_EQ(server.requests().at(1).from, static_cast<std::int64_t>(kept));
}

TEST_F(Fetch, AFileThatMayNotGrowIsNamedAndKept) {
  const HttpServer server(slow);
  fs::create_directories(in("data"));
  expect_one_line(shell("ulimit -f 200; exec \"$0\" data fetch cifar10 --data \"$1/data\" --from " + server.address()),
                  1, "cifar-10-binary.tar.gz.part: cannot be written (File too large); then go on with: ");
  EXPECT_EQ(fs::file_size(part()), 200U * 512U);
}

}  // namespace
}  // namespace biossl
