#include "biossl/reproduction/parallel_runs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "biossl/core/atomic_file.h"
#include "biossl/core/error.h"
#include "biossl/core/file.h"
#include "tests/support/message_of.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny.h"

namespace biossl {
namespace {

using testing::TemporaryFolder;

TEST(ParallelRuns, AFaultOfThisProcessStopsTheRunsInOrder) {
  const TemporaryFolder folder;
  const std::filesystem::path out = folder.path() / "out";
  std::filesystem::create_directories(folder.path() / "table");
  for (const char* name : {"one", "two"}) {
    write_file(folder.path() / "table" / (std::string(name) + ".toml"), testing::tiny_recipe_text());
  }
  const Reproduction plan = plan_reproduction(
      {.tables = {(folder.path() / "table").string()}, .rows = {}, .changes = {}, .epochs = {}, .seeds = 1, .out = out},
      Device::cpu);
  // The first runs until it is told to stop; the second ends, but its table can no longer be written.
  const ParallelRuns how{
      .jobs = 2, .command = [&](const ReproductionRun& run) {
        const std::string script =
            run.recipe.name == "one"
                ? "trap 'cat > stopped; exit 0' TERM; touch ready; while :; do sleep 0.01; done"
                : "until [ -e ready ]; do sleep 0.01; done; rm out/table.md; mkdir -p out/table.md/x";
        return std::vector<std::string>{"/bin/sh", "-c", "cd '" + folder.path().string() + "'; " + script};
      }};
  Reporter quiet;
  testing::message_of<WriteError>([&] { reproduce_in_parallel(plan, testing::here, how, quiet); });
  EXPECT_THAT(read_file(folder.path() / "stopped"), ::testing::StartsWith("name = \"one\""))
      << "its stdin is the recipe";
}

}  // namespace
}  // namespace biossl
