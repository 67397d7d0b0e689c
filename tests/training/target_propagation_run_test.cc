// A rule with state of its own, the inverses, through a whole run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "biossl/core/file.h"
#include "biossl/training/pretraining.h"
#include "biossl/training/trainer.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny.h"

namespace biossl {
namespace {

using testing::here;
using testing::StoppingReporter;
using testing::TemporaryFolder;
using testing::tiny_recipe;

TEST(TargetPropagationRun, GoingOnEqualsNeverHavingStopped) {
  const TemporaryFolder folder;
  const Recipe recipe = tiny_recipe({{"rule.kind", "dtp"}, {"rule.noise", "0.5"}});
  Reporter quiet;
  const RunDirectory whole = pretrain(recipe, here, folder.path() / "whole", false, quiet);
  const auto final_file = list_checkpoints(whole.checkpoints()).at(0);
  const SafetensorsFile checkpoint(final_file);
  EXPECT_EQ(checkpoint.read("rule.inverses.1.weight").shape(), (Shape{6, 5, 3, 3}));
  EXPECT_EQ(checkpoint.read("rule.inverses.1.bias").shape(), Shape{5});
  for (const char* name : {"optimizer.m.weight", "optimizer.v.bias", "optimizer.steps"}) {
    EXPECT_TRUE(checkpoint.tensors().contains(std::string("rule.inverses.1.") + name)) << name;
  }
  for (const std::int64_t batches : {4, 5, 7}) {
    const auto out = folder.path() / std::to_string(batches);
    StoppingReporter stopping(batches);
    EXPECT_THROW(pretrain(recipe, here, out, false, stopping), Interrupted);
    const RunDirectory rest = pretrain(recipe, here, out, true, quiet);
    EXPECT_EQ(read_file(list_checkpoints(rest.checkpoints()).at(0)), read_file(final_file)) << batches;
  }
}

TEST(TargetPropagationRun, AMapThatNoInverseLeadsBackToIsRefusedByName) {
  const TemporaryFolder folder;
  Reporter quiet;
  try {
    pretrain(tiny_recipe({{"rule.kind", "dtp"}, {"network.blocks.1.kernel", "2"}, {"network.blocks.1.pool", "1"}}),
             here, folder.path() / "run", false, quiet);
    FAIL() << "was accepted";
  } catch (const BadInput& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("block 1 takes maps of 8x8 to 9x9"));
  }
}

}  // namespace
}  // namespace biossl
