#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "biossl/core/error.h"
#include "biossl/recipe/components.h"
#include "biossl/reproduction/reproduction.h"
#include "biossl/training/experiment.h"
#include "tests/support/message_of.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny.h"

namespace biossl {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::message_of;
using testing::TemporaryFolder;
using testing::tiny_recipe;

/// What a user is told of a kind of views.
auto refuses(const std::string& kind) {
  return AllOf(HasSubstr("kind = \"" + kind + "\": a GPU makes no such views yet"), HasSubstr("--device cpu"));
}

TEST(ViewsThatAGpuCannotMake, AreRefused) {
  const Recipe crops = tiny_recipe({{"views.kind", "crops"}});
  EXPECT_THAT(message_of<BadInput>([&] { check_views_device(crops, Device::cuda); }), refuses("crops"));
  EXPECT_NO_THROW(check_views_device(crops, Device::cpu));
  EXPECT_NO_THROW(check_views_device(tiny_recipe({{"views.kind", "deform"}}), Device::cuda));
}

TEST(ViewsThatAGpuCannotMake, EndARunBeforeItLooksForImages) {
  const TemporaryFolder folder;
  const Recipe crops = tiny_recipe({{"views.kind", "crops"}, {"data.pretrain", "cifar10"}, {"data.probe", "cifar10"}});
  const ExecutionContext context{.data = folder.path() / "nothing", .device = Device::cuda};
  Reporter quiet;
  EXPECT_THAT(message_of<BadInput>([&] { run_experiment(crops, context, folder.path() / "run", false, quiet); }),
              refuses("crops"));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "run"));
}

TEST(ViewsThatAGpuCannotMake, EndATableWhileItIsPlanned) {
  const ReproductionRequest table2{.tables = {"table2"}, .rows = {}, .changes = {}, .epochs = {}, .out = {}};
  EXPECT_THAT(message_of<BadInput>([&] { plan_reproduction(table2, Device::cuda); }), refuses("patches"));
}

}  // namespace
}  // namespace biossl
