#include "biossl/training/embed.h"

#include <gtest/gtest.h>

#include "biossl/evaluation/features.h"
#include "biossl/evaluation/whole_images.h"
#include "biossl/ops/ops.h"
#include "biossl/training/pretraining.h"
#include "biossl/training/probing.h"
#include "tests/support/npy.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tensors.h"
#include "tests/support/tiny.h"

namespace biossl {
namespace {

using testing::here;
using testing::TemporaryFolder;
using testing::tiny_recipe;

TEST(Embed, AnEncoderIsShownImagesOnTheScaleThatItLearntOn) {
  const TemporaryFolder folder;
  Reporter quiet;
  const Recipe recipe = tiny_recipe({{"train.precision", "float32"}, {"data.mean", "0.25"}, {"data.std", "0.5"}});
  const RunDirectory run = pretrain(recipe, here, folder.path() / "run", false, quiet);
  const Checkpoint checkpoint = open_checkpoint(run.path(), [](std::string_view) {});
  const auto network = load_network(checkpoint, checkpoint.recipe(), Device::cpu);
  const auto images = open_probe_images(recipe, here, ProbePart::test);
  const Tensor features = extract_features(*network, {0}, *images, {})[0].values.in_memory();

  WholeImages whole(*images, images->size(), DType::float32, Device::cpu);
  Tensor seen = whole(0);
  ops::scale(seen, 2, seen, -0.5);
  ForwardPass pass(*network, 0, images->size());
  std::vector<Activity> activity(1);
  Workspace::fit(Device::cpu, [&](Workspace& workspace) {
    pass.prepare(workspace);
    activity[0].output = workspace.take(batch_of(images->size(), network->block(0).plan().output), DType::float32);
  });
  pass.run(seen, activity);
  EXPECT_LT(testing::relative_error(testing::values_of(features), testing::values_of(activity[0].output)), 1e-6);
}

TEST(Embed, FeaturesAreWrittenForNumPy) {
  const TemporaryFolder folder;
  Reporter quiet;
  const RunDirectory run = pretrain(tiny_recipe(), here, folder.path() / "run", false, quiet);
  const Checkpoint checkpoint = open_checkpoint(run.path(), [](std::string_view) {});
  const auto network = load_network(checkpoint, checkpoint.recipe(), Device::cpu);
  const auto images = open_probe_images(tiny_recipe(), here, ProbePart::test);
  const auto file = folder.path() / "features.npy";

  write_features(*network, 1, *images, file);
  const auto maps = testing::read_npy(file);
  EXPECT_EQ(maps.shape, (std::vector<std::int64_t>{22, 6, 4, 4}));
  const Features expected = std::move(extract_features(*network, {1}, *images, {}).front());
  for (std::int64_t n = 0; n < 22; ++n) {
    for (std::int64_t c = 0; c < 6; ++c) {
      for (std::int64_t p = 0; p < 16; ++p) {
        ASSERT_EQ(maps.values[static_cast<std::size_t>((n * 6 + c) * 16 + p)],
                  expected.values.in_memory().data<float>()[n * 96 + p * 6 + c]);
      }
    }
  }
  write_features(*network, std::nullopt, *images, file);
  EXPECT_EQ(testing::read_npy(file).shape, (std::vector<std::int64_t>{22, 4}));
  EXPECT_THROW(write_features(*network, 2, *images, file), std::invalid_argument);
  write_labels(*images, folder.path() / "labels.npy");
  EXPECT_EQ(std::filesystem::file_size(folder.path() / "labels.npy"), 128U + 22 * 4);
}

}  // namespace
}  // namespace biossl
