#include "biossl/runs/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "biossl/core/atomic_file.h"
#include "biossl/core/error.h"
#include "biossl/training/probing.h"
#include "biossl/training/trainer.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny.h"

namespace biossl {
namespace {

using ::testing::HasSubstr;
using testing::here;
using testing::TemporaryFolder;
using testing::tiny_recipe;

/// A checkpoint of the tiny network, untrained, and its trainer.
struct Saved {
  explicit Saved(const std::filesystem::path& to) : path(to), trainer(tiny_recipe(), here) {
    trainer.step(trainer.make_batch(0), 0);
    save_checkpoint(path, tiny_recipe(), {.epoch = 2, .batch = 3, .totals = {0.1, 7}, .seconds = 1.5},
                    trainer.network(), trainer.rule());
  }

  std::filesystem::path path;
  Trainer trainer;
};

TEST(Checkpoint, FilesHoldChannelsFirst) {
  const TemporaryFolder folder;
  Saved saved(folder.path() / "x.safetensors");
  const SafetensorsFile file(saved.path);
  Network& network = saved.trainer.network();

  const Tensor convolution = file.read("blocks.1.weight");
  ASSERT_EQ(convolution.shape(), (Shape{6, 5, 3, 3}));
  const Tensor& live = network.block(1).synapses().weights().values();  // (O, K, K, I)
  for (std::int64_t o = 0; o < 6; ++o) {
    for (std::int64_t i = 0; i < 5; ++i) {
      for (std::int64_t k = 0; k < 9; ++k) {
        ASSERT_EQ(convolution.data<float>()[(o * 5 + i) * 9 + k], live.data<float>()[(o * 9 + k) * 5 + i]);
      }
    }
  }

  const Tensor linear = file.read("heads.1.weight");
  ASSERT_EQ(linear.shape(), (Shape{4, 6 * 4 * 4}));
  const Tensor& head = network.head(1).synapses().weights().values();  // (O, H*W*C)
  for (std::int64_t o = 0; o < 4; ++o) {
    for (std::int64_t c = 0; c < 6; ++c) {
      for (std::int64_t p = 0; p < 16; ++p) {
        ASSERT_EQ(linear.data<float>()[o * 96 + c * 16 + p], head.data<float>()[o * 96 + p * 6 + c]);
      }
    }
  }
  EXPECT_EQ(file.read("blocks.1.bias").shape(), Shape{6});
  EXPECT_EQ(file.tensors().count("blocks.0.optimizer.m.weight"), 1U);
}

TEST(Checkpoint, FeedbackWeightsLieInTheFileAsForwardWeightsDo) {
  const TemporaryFolder folder;
  const Recipe recipe = tiny_recipe({{"rule.feedback", "fixed_random"}});
  Trainer trainer(recipe, here);
  save_checkpoint(folder.path() / "x.safetensors", recipe, {}, trainer.network(), trainer.rule());
  const SafetensorsFile file(folder.path() / "x.safetensors");
  const Tensor convolution = file.read("blocks.1.feedback.weight");
  ASSERT_EQ(convolution.shape(), (Shape{6, 5, 3, 3}));
  const Tensor& live = trainer.network().block(1).synapses().path().values();  // (O, K, K, I)
  for (std::int64_t o = 0; o < 6; ++o) {
    for (std::int64_t i = 0; i < 5; ++i) {
      for (std::int64_t k = 0; k < 9; ++k) {
        ASSERT_EQ(convolution.data<float>()[(o * 5 + i) * 9 + k], live.data<float>()[(o * 9 + k) * 5 + i]);
      }
    }
  }
  const Tensor linear = file.read("heads.1.feedback.weight");
  ASSERT_EQ(linear.shape(), (Shape{4, 6 * 4 * 4}));
  const Tensor& head = trainer.network().head(1).synapses().path().values();  // (O, H*W*C)
  EXPECT_EQ(linear.data<float>()[96 + 2 * 16 + 3], head.data<float>()[96 + 3 * 6 + 2]);
}

/// The file with other texts in its metadata; without those that are empty.
void change_metadata(const std::filesystem::path& path, const Metadata& changes) {
  const SafetensorsFile file(path);
  std::vector<NamedTensor> tensors;
  for (const auto& [name, entry] : file.tensors()) tensors.push_back({name, file.read(name)});
  Metadata metadata = file.metadata();
  for (const auto& [key, value] : changes) {
    metadata.erase(key);
    if (!value.empty()) metadata[key] = value;
  }
  write_safetensors(path, tensors, metadata);
}

TEST(Checkpoint, AFileWithoutRecordsOfPathsIsRead) {
  const TemporaryFolder folder;
  const Saved saved(folder.path() / "x.safetensors");
  ASSERT_EQ(Checkpoint(saved.path).layers().size(), 3U);
  change_metadata(saved.path, {{"layers", ""}});
  Trainer trainer(tiny_recipe(), here);
  trainer.resume(Checkpoint(saved.path));
  EXPECT_EQ(trainer.network().path_records()[1].errors_sent, 0);
  change_metadata(saved.path, {{"layers", "[{}]"}});
  EXPECT_THROW(Checkpoint{saved.path}, BadInput);
}

/// The recipe's text with other names of components.
std::string renamed(std::string text, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const auto at = text.find(fmt::format("\"{}\"", name));
    if (at == std::string::npos) throw std::logic_error(name + " is not in the recipe");
    text.insert(at + 1, "their_");
  }
  return text;
}

TEST(Checkpoint, ANetworkIsReadWithoutWhatOnlyTrainingNeeds) {
  const TemporaryFolder folder;
  const Saved saved(folder.path() / "x.safetensors");
  const auto before = load_network(Checkpoint(saved.path), tiny_recipe(), Device::cpu);
  const std::string text = renamed(to_toml(tiny_recipe()), {"contrastive_hinge", "e2e", "transpose", "adam"});
  change_metadata(saved.path, {{"recipe", text}});
  const Checkpoint checkpoint(saved.path);
  EXPECT_THROW(checkpoint.recipe(), BadInput);
  const Recipe recipe = checkpoint.recipe_for_reading();
  const auto network = load_network(checkpoint, recipe, Device::cpu);
  const State one = before->state(false);
  const State two = network->state(false);
  ASSERT_EQ(one.size(), two.size());
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(std::memcmp(one[i].tensor.raw(), two[i].tensor.raw(), one[i].tensor.bytes()), 0) << one[i].name;
  }
  EXPECT_THROW(Trainer(recipe, here), BadInput);
}

TEST(Checkpoint, KnowsItsHeads) {
  const TemporaryFolder folder;
  const Saved saved(folder.path() / "x.safetensors");
  EXPECT_FALSE(Checkpoint(saved.path).has_head(0));
  EXPECT_TRUE(Checkpoint(saved.path).has_head(1));
  EXPECT_TRUE(Checkpoint(saved.path).reading().whole_images);
  change_metadata(saved.path, {{"reading", ""}});  // as older files are
  EXPECT_FALSE(Checkpoint(saved.path).has_head(0));
  EXPECT_TRUE(Checkpoint(saved.path).has_head(1));
  EXPECT_FALSE(Checkpoint(saved.path).reading().whole_images);
  for (const char* damaged :
       {"[]", "{}", "{", R"({"head":1,"predictions":1,"whole_images":true,"uses_labels":true,"heads":[]})"}) {
    change_metadata(saved.path, {{"reading", damaged}});
    EXPECT_THROW(Checkpoint{saved.path}, BadInput) << damaged;
  }
}

TEST(Checkpoint, GivesBackWhatItWasGiven) {
  const TemporaryFolder folder;
  Saved saved(folder.path() / "x.safetensors");
  save_checkpoint(saved.path, tiny_recipe(), {.epoch = 2, .batch = 3, .totals = {0.1, 7}, .seconds = 1.5},
                  saved.trainer.network(), saved.trainer.rule());
  const Checkpoint checkpoint(saved.path);
  EXPECT_EQ(checkpoint.progress().epoch, 2);
  EXPECT_EQ(checkpoint.progress().batch, 3);
  EXPECT_EQ(checkpoint.progress().totals[0], 0.1);
  EXPECT_EQ(checkpoint.image(), (Shape{8, 8, 3}));
  EXPECT_EQ(to_toml(checkpoint.recipe()), to_toml(tiny_recipe()));

  Trainer other(tiny_recipe({{"seed", "9"}}), here);
  other.resume(checkpoint);
  EXPECT_EQ(other.network().block(0).synapses().steps(), saved.trainer.network().block(0).synapses().steps());
  const State one = saved.trainer.network().state(true);
  const State two = other.network().state(true);
  ASSERT_EQ(one.size(), two.size());
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(std::memcmp(one[i].tensor.raw(), two[i].tensor.raw(), one[i].tensor.bytes()), 0) << one[i].name;
  }
}

TEST(Checkpoint, HoldsAPredictionHeadToo) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "x.safetensors";
  const Recipe recipe = tiny_recipe({{"loss.kind", "clapp"}});
  Trainer trainer(recipe, here);
  trainer.step(trainer.make_batch(0), 0);
  save_checkpoint(path, recipe, {}, trainer.network(), trainer.rule());
  EXPECT_EQ(SafetensorsFile(path).read("heads.1.weight").shape(), (Shape{6, 6, 1, 1}));
  const auto network = load_network(Checkpoint(path), recipe, Device::cpu);
  const Tensor& trained = trainer.network().head(1).synapses().weights().values();
  EXPECT_EQ(std::memcmp(network->head(1).synapses().weights().values().raw(), trained.raw(), trained.bytes()), 0);
}

TEST(Checkpoint, ANetworkThatDoesNotFitIsRefused) {
  const TemporaryFolder folder;
  Saved saved(folder.path() / "x.safetensors");
  const Checkpoint checkpoint(saved.path);
  const std::vector<std::pair<Override, std::string>> faults{
      {{"network.blocks.1.channels", "7"}, "'blocks.1.weight' is float32 (6, 5, 3, 3)"},
      {{"network.blocks.0.bias", "true"}, "tensors"},
      {{"train.optimizer", "sgd"}, "tensors"},
      {{"train.epochs", "1"}, "stands at epoch 2"}};
  for (const auto& [change, message] : faults) {
    Trainer other(tiny_recipe({change}), here);
    try {
      other.resume(checkpoint);
      ADD_FAILURE() << change.key << " was accepted";
    } catch (const BadInput& error) {
      EXPECT_THAT(error.what(), HasSubstr(message));
      EXPECT_THAT(error.what(), HasSubstr("x.safetensors"));
    }
  }
}

TEST(Checkpoint, OtherFilesAreNoCheckpoints) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "x.safetensors";
  const Metadata good{{"format", "biossl checkpoint"},
                      {"format_version", "2"},
                      {"recipe", ""},
                      {"image", "8,8,3"},
                      {"progress", R"({"epoch":0,"batch":0,"steps":{}})"}};
  const auto refused = [&](const std::string& key, const std::optional<std::string>& value) {
    Metadata changed = good;
    changed.erase(key);
    if (value) changed[key] = *value;
    write_safetensors(path, {}, changed);
    EXPECT_THROW(Checkpoint{path}, BadInput) << key << " = " << value.value_or("nothing");
  };
  write_safetensors(path, {}, good);
  EXPECT_NO_THROW(Checkpoint{path});
  for (const auto& [key, value] : good) refused(key, std::nullopt);
  for (const char* image : {"", "8,8", "8,8,3,3", "0,8,3", "-1,8,3", "8,8,3x", "99999999999999999999,8,3"}) {
    refused("image", image);
  }
  for (const char* progress : {"", "[]", "{}", R"({"epoch":-1,"batch":0,"steps":{}})",
                               R"({"epoch":0,"batch":2,"steps":{}})", R"({"epoch":"x","batch":0,"steps":{}})"}) {
    refused("progress", progress);
  }
  refused("format_version", "3");
}

TEST(Checkpoint, TheNewestReadableOneIsFound) {
  const TemporaryFolder folder;
  const auto none = [](std::string_view) {};
  EXPECT_FALSE(latest_checkpoint(folder.path() / "missing", none).has_value());
  EXPECT_FALSE(latest_checkpoint(folder.path(), none).has_value());
  Saved saved(folder.path() / "epoch_0009.safetensors");
  std::filesystem::copy_file(saved.path, folder.path() / "epoch_0010.safetensors");
  std::filesystem::copy_file(saved.path, folder.path() / "epoch_0010_batch_000002.safetensors");
  for (const char* other : {"epoch_0011.safetensors.writing", "._epoch_0012.safetensors", "epoch_0012.safetensors~",
                            ".DS_Store", "Thumbs.db"}) {
    write_file(folder.path() / other, "half");
  }
  write_file(folder.path() / "notes.txt", "mine");
  EXPECT_EQ(latest_checkpoint(folder.path(), none)->path().filename(), "epoch_0010_batch_000002.safetensors");
  write_file(folder.path() / "epoch_10000.safetensors", "torn");
  std::string told;
  const auto note = [&](std::string_view line) { told = line; };
  EXPECT_EQ(latest_checkpoint(folder.path(), note)->path().filename(), "epoch_0010_batch_000002.safetensors");
  EXPECT_THAT(told, HasSubstr("epoch_10000.safetensors"));
  const auto newest = folder.path() / "epoch_0010_batch_000002.safetensors";
  prune_checkpoints(newest, 1);
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "notes.txt"));
  EXPECT_EQ(latest_checkpoint(folder.path(), none)->path(), newest);
  EXPECT_EQ(list_checkpoints(folder.path()).size(), 2U);
  std::filesystem::remove(newest);
  EXPECT_THROW(latest_checkpoint(folder.path(), none), BadInput) << "only the torn one is left";
}

}  // namespace
}  // namespace biossl
