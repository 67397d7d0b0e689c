#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "biossl/core/error.h"
#include "biossl/training/embed.h"
#include "biossl/training/pretraining.h"
#include "biossl/training/probing.h"
#include "biossl/training/trainer.h"
#include "tests/support/message_of.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny.h"

// Numbers that are not finite: the message names what made them.

namespace biossl {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::here;
using testing::message_of;
using ::testing::Not;
using testing::tiny_recipe;

class NotFinite : public ::testing::Test {
 protected:
  std::string trained(const std::vector<Override>& changes) {
    return message_of<std::runtime_error>(
        [&] { pretrain(tiny_recipe(changes), here, folder_.path() / "run", false, quiet_); });
  }

  /// A checkpoint in whose weights one number is something else.
  std::filesystem::path checkpoint_with(float number) {
    Trainer trainer(tiny_recipe(), here);
    trainer.network().block(1).synapses().weights().values().data<float>()[7] = number;
    const auto path = folder_.path() / "changed.safetensors";
    save_checkpoint(path, tiny_recipe(), {.epoch = 1}, trainer.network(), trainer.rule());
    return path;
  }

  testing::TemporaryFolder folder_;
  Reporter quiet_;
};

TEST_F(NotFinite, ALossInTheFirstStepIsNotTheLearningRates) {
  EXPECT_THAT(trained({{"loss.kind", "failing"}}), AllOf(HasSubstr("the loss is not finite in epoch 1 of 3, batch 1"),
                                                         HasSubstr("[loss]"), Not(HasSubstr("train.learning_rate"))));
}

TEST_F(NotFinite, ALaterOneIs) {
  EXPECT_THAT(
      trained({{"loss.kind", "failing"}, {"loss.good_batches", "1"}}),
      AllOf(HasSubstr("no longer finite in epoch 1 of 3, batch 2"), HasSubstr("train.learning_rate than 0.01")));
}

TEST_F(NotFinite, ImagesAreBlamedOnTheirScale) {
  EXPECT_THAT(trained({{"data.std", "1e-40"}, {"loss.kind", "nt_xent"}}),
              AllOf(HasSubstr("data.std = 1e-40"), Not(HasSubstr("learning_rate"))));
}

TEST_F(NotFinite, AStepByHandStopsToo) {
  for (const char* good : {"0", "1"}) {
    Trainer trainer(tiny_recipe({{"loss.kind", "failing"}, {"loss.good_batches", good}}), here);
    if (*good == '1') trainer.advance();
    EXPECT_THAT(message_of<std::runtime_error>([&] { trainer.advance(); }),
                AllOf(HasSubstr("finite in epoch 1 of 3, batch "),
                      HasSubstr(*good == '1' ? "train.learning_rate than 0.01" : "nothing had been learnt yet")));
  }
}

TEST_F(NotFinite, AStepByHandNamesTheWeights) {
  Trainer trainer(tiny_recipe(), here);
  trainer.network().block(1).synapses().weights().values().data<float>()[7] = std::numeric_limits<float>::quiet_NaN();
  trainer.network().restored();
  EXPECT_THAT(message_of<std::runtime_error>([&] { trainer.advance(); }),
              HasSubstr("the weights (blocks.1.weight) were not finite before epoch 1 of 3, batch 1"));
  EXPECT_THAT(message_of<std::runtime_error>([&] { trainer.save_to(folder_.path() / "no.safetensors"); }),
              AllOf(HasSubstr("no.safetensors is not written"), HasSubstr("blocks.")));
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "no.safetensors"));
}

TEST_F(NotFinite, FeedbackIsBlamedBeforeTheLearningRate) {
  Trainer trainer(tiny_recipe({{"rule.feedback", "fixed_random"}}), here);
  Synapses& synapses = trainer.network().block(1).synapses();
  Tensor path = synapses.path().values();
  path.data<float>()[7] = std::numeric_limits<float>::infinity();
  synapses.restored();
  EXPECT_THAT(message_of<std::runtime_error>([&] { trainer.advance(); }),
              AllOf(HasSubstr("the weights (blocks.0.weight) are no longer finite in epoch 1 of 3, batch 1"),
                    HasSubstr("the feedback weights of blocks.1 (rule.feedback = \"fixed_random\") are not finite"),
                    Not(HasSubstr("learning_rate"))));
}

TEST_F(NotFinite, WeightsAreNotWrittenToACheckpoint) {
  // The loss of the only batch is finite; the step behind it is not.
  EXPECT_THAT(trained({{"train.learning_rate", "1e39"}, {"train.epochs", "1"}, {"train.batch", "22"}}),
              AllOf(HasSubstr("the weights are no longer finite in epoch 1 of 1 (blocks.0.weight)"),
                    HasSubstr("train.learning_rate than 1e+39")));
  EXPECT_TRUE(list_checkpoints(folder_.path() / "run/checkpoints").empty());
}

TEST_F(NotFinite, ACheckpointWithSuchWeightsIsRefusedWithItsTensor) {
  for (const float number : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    const Checkpoint checkpoint(checkpoint_with(number));
    EXPECT_THAT(message_of<BadInput>([&] { load_network(checkpoint, tiny_recipe(), here.device); }),
                HasSubstr("changed.safetensors: tensor 'blocks.1.weight' holds NaN or infinite numbers"));
    Trainer trainer(tiny_recipe(), here);
    EXPECT_THAT(message_of<BadInput>([&] { trainer.resume(checkpoint); }), HasSubstr("blocks.1.weight"));
  }
}

TEST_F(NotFinite, FeaturesAreBlamedOnTheEncoder) {
  // Finite weights whose sums are not.
  const Checkpoint checkpoint(checkpoint_with(3e38F));
  Recipe recipe = tiny_recipe({{"network.blocks.1.activation", "none"}});
  for (const char* memory : {"0", "1e-9"}) {
    recipe.probe.memory_gb = std::stod(memory);
    const auto network = load_network(checkpoint, recipe, here.device);
    for (float& weight : network->block(1).synapses().weights().values().span<float>()) weight = 3e38F;
    network->restored();
    save_checkpoint(folder_.path() / "huge.safetensors", recipe, {.epoch = 1}, *network, Trainer(recipe, here).rule());
    const Checkpoint huge(folder_.path() / "huge.safetensors");
    EXPECT_THAT(message_of<std::runtime_error>([&] { probe(huge, recipe, here, quiet_); }),
                AllOf(HasSubstr("trained encoder, block 1: the features hold NaN or infinite numbers"),
                      HasSubstr("huge.safetensors has diverged"), Not(HasSubstr("learning_rate"))));
  }
}

TEST_F(NotFinite, AProbeThatRunsAwayIsToldSo) {
  const auto path = checkpoint_with(0);
  EXPECT_THAT(
      message_of<std::runtime_error>([&] {
        probe(Checkpoint(path), tiny_recipe({{"probe.learning_rate", "1e39"}, {"probe.epochs", "9"}}), here, quiet_);
      }),
      AllOf(HasSubstr("the probe's"), HasSubstr("its features are"), HasSubstr("probe.learning_rate than 1e+39")));
}

}  // namespace
}  // namespace biossl
