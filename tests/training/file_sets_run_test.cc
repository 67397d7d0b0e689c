// Runs on images from files: in memory or not, with labels or without, of any shape.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "biossl/core/atomic_file.h"
#include "biossl/core/file.h"
#include "biossl/core/parallel.h"
#include "biossl/training/embed.h"
#include "biossl/training/experiment.h"
#include "biossl/training/pretraining.h"
#include "tests/support/data_files.h"
#include "tests/support/message_of.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny.h"

namespace biossl {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::message_of;
using testing::noise;
using testing::npy_bytes;
using testing::raw;
using testing::TemporaryFolder;
using testing::tiny_recipe;

class FileSetRun : public ::testing::Test {
 protected:
  /// Arrays of 23 images to train on and 9 to test on, 12 x 8 with two channels, of three classes.
  void SetUp() override {
    for (const auto& [split, count] : {std::pair{"train", 23}, {"test", 9}}) {
      std::filesystem::create_directories(folder_.path() / split);
      std::vector<std::int32_t> labels;
      for (int i = 0; i < count; ++i) labels.push_back(i % 3);
      const std::string shape = fmt::format("({}, 12, 8, 2)", count);
      write_file(folder_.path() / split / "images.npy",
                 npy_bytes("|u1", shape, noise(static_cast<std::size_t>(count) * 192)));
      write_file(folder_.path() / split / "labels.npy", npy_bytes("<i4", fmt::format("({},)", count), raw(labels)));
    }
  }

  static Recipe recipe(const std::vector<Override>& changes = {}) {
    std::vector<Override> all{{"data.pretrain", "array"}, {"data.probe", "array"}, {"views.kind", "deform"}};
    all.insert(all.end(), changes.begin(), changes.end());
    return tiny_recipe(all);
  }
  ExecutionContext context() const { return {.data = folder_.path()}; }

  /// The features of the test images after a run, as a file's bytes, and the losses.
  std::pair<std::string, std::vector<double>> outcome(const Recipe& recipe, const std::string& name) const {
    Reporter quiet;
    const RunDirectory run = pretrain(recipe, context(), folder_.path() / name, false, quiet);
    const Checkpoint checkpoint(list_checkpoints(run.checkpoints()).at(0));
    const auto network = load_network(checkpoint, checkpoint.recipe(), Device::cpu);
    const auto images = open_probe_images(recipe, context(), ProbePart::test);
    write_features(*network, 0, *images, folder_.path() / "features.npy");
    std::vector<double> losses;
    for (const EpochMetrics& line : run.metrics()) losses.push_back(line.loss);
    return {read_file(folder_.path() / "features.npy"), losses};
  }

  TemporaryFolder folder_;
};

TEST_F(FileSetRun, IsTheSameWhetherImagesAreInMemoryOrReadBatchByBatch) {
  const auto resident = outcome(recipe(), "resident");
  const auto streamed = outcome(recipe({{"data.memory_gb", "1e-9"}}), "streamed");
  EXPECT_EQ(resident, streamed);
  const auto small = outcome(recipe({{"data.resize", "8"}}), "small");
  EXPECT_EQ(small, outcome(recipe({{"data.resize", "8"}, {"data.memory_gb", "1e-9"}}), "small-streamed"));
  EXPECT_NE(small.second, resident.second);
}

TEST_F(FileSetRun, TheShapeOfImagesIsReadFromTheirFiles) {
  EXPECT_EQ(image_shape(recipe(), context()), Shape({12, 8, 2}));
  EXPECT_EQ(image_shape(recipe({{"data.resize", "8"}}), context()), Shape({8, 8, 2}));
  EXPECT_THROW(image_shape(recipe(), {}), BadInput);
}

TEST_F(FileSetRun, LearnsFromPairsOfFrames) {
  const std::vector<std::int32_t> clips{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2};
  write_file(folder_.path() / "train" / "clips.npy", npy_bytes("<i4", "(23,)", raw(clips)));
  const auto frames = [](const char* batch, const char* memory) {
    return tiny_recipe({{"data.pretrain", "array"},
                        {"data.probe", "array"},
                        {"views.kind", "frames"},
                        {"views.gap", "3"},
                        {"train.batch", batch},
                        {"data.memory_gb", memory}});
  };
  EXPECT_EQ(outcome(frames("6", "0"), "resident"), outcome(frames("6", "1e-9"), "streamed"));
  const RunDirectory run = RunDirectory::open(folder_.path() / "resident");
  EXPECT_EQ(run.metrics().at(0).images, 7 + 2 + 5) << "frames with another one three later";
  Reporter quiet;
  EXPECT_THAT(
      message_of<BadInput>([&] { pretrain(frames("15", "0"), context(), folder_.path() / "large", false, quiet); }),
      HasSubstr("train.batch = 15 is larger than the data, 14 pairs of array"));
}

TEST_F(FileSetRun, ProbesArraysWithLabels) {
  Reporter quiet;
  for (const char* memory : {"0", "1e-9"}) {
    const Recipe both = recipe({{"data.memory_gb", memory}});
    const auto out = folder_.path() / (std::string("run") + memory);
    const ProbedRun run = pretrain_and_probe(both, context(), out, false, quiet);
    EXPECT_NEAR(run.report.chance, 1.0 / 3, 1e-9);
  }
}

TEST_F(FileSetRun, SaysBeforeItTrainsWhatAProbeLacks) {
  Reporter quiet;
  const auto fault = [&] {
    return message_of<BadInput>(
        [&] { pretrain_and_probe(recipe(), context(), folder_.path() / "refused", false, quiet); });
  };
  std::filesystem::remove(folder_.path() / "test" / "labels.npy");
  EXPECT_THAT(fault(), AllOf(HasSubstr("test images of array have no labels"), HasSubstr("biossl embed")));
  std::filesystem::remove_all(folder_.path() / "test");
  EXPECT_THAT(fault(), HasSubstr("has no test images"));
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "refused"));
  std::filesystem::remove(folder_.path() / "train" / "labels.npy");
  EXPECT_NO_THROW(pretrain(recipe(), context(), folder_.path() / "unlabelled", false, quiet));
}

TEST(RecipeOfFiles, ResizeIsForImagesFromFilesOnly) {
  const auto parsed = [](const std::vector<Override>& changes) { return tiny_recipe(changes); };
  const std::vector<Override> arrays{{"data.pretrain", "array"}, {"data.probe", "array"}, {"data.resize", "16"}};
  EXPECT_EQ(image_shape(parsed(arrays)), Shape({16, 16, 3}));
  EXPECT_EQ(parse_recipe(to_toml(parsed(arrays)), "again.toml").data.all.resize, 16);
  EXPECT_THAT(message_of<std::invalid_argument>([&] {
                parsed({{"data.resize", "16"}});
              }),
              HasSubstr("resize makes no sense here"));
  EXPECT_THAT(message_of<std::invalid_argument>([&] {
                parsed({{"data.pretrain", "array"}, {"data.probe", "array"}, {"data.image_size", "16"}});
              }),
              HasSubstr("resize scales them"));
  EXPECT_EQ(image_shape(parsed({{"data.pretrain", "stl10"}, {"data.probe", "stl10"}})), Shape({96, 96, 3}));
}

}  // namespace
}  // namespace biossl
