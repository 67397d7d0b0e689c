#include "tests/cli/program.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include "biossl/core/atomic_file.h"
#include "tests/support/paths.h"

namespace biossl::testing {

const char* const small_recipe = R"(
[data]
pretrain = "world"
probe = "world"
images = 50
probe_images = 40
test_images = 20
image_size = 12
[views]
kind = "identity"
[[network.blocks]]
channels = 4
pool = 2
[network.head]
features = 4
[train]
epochs = 3
batch = 8
checkpoint_every = 2
[probe]
epochs = 2
)";

void Program::SetUp() { write_file(recipe_, small_recipe); }

Outcome Program::run(const std::vector<std::string>& arguments) const {
  return Process(testing::paths::program, folder_.path(), arguments).wait();
}

Outcome Program::shell(const std::string& script) const {
  return Process("/bin/sh", folder_.path(), {"-c", script, testing::paths::program, folder_.path().string()}).wait();
}

void expect_one_line(const Outcome& outcome, int code, const std::string& message) {
  EXPECT_EQ(outcome.code, code) << outcome.error;
  EXPECT_THAT(outcome.error, ::testing::StartsWith("biossl: "));
  EXPECT_THAT(outcome.error, ::testing::HasSubstr(message));
  EXPECT_EQ(std::ranges::count(outcome.error, '\n'), 1) << outcome.error;
}

bool wait_for_metrics(const std::string& file) {
  for (int i = 0; i < 3000; ++i) {
    std::error_code missing;
    if (std::filesystem::file_size(file, missing) > 0 && !missing) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

}  // namespace biossl::testing
