#include "biossl/training/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iterator>

#include "biossl/core/accelerator.h"
#include "biossl/core/atomic_file.h"
#include "biossl/core/file.h"
#include "biossl/training/experiment.h"
#include "biossl/training/pretraining.h"
#include "tests/support/devices.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tensors.h"
#include "tests/support/tiny.h"

namespace biossl {
namespace {

using testing::final_checkpoint;
using ::testing::HasSubstr;
using testing::here;
using testing::StoppingReporter;
using testing::TemporaryFolder;
using testing::tiny_recipe;
using testing::values_of;

void expect_same_metrics(const RunDirectory& one, const RunDirectory& other) {
  const auto lines = one.metrics();
  const auto others = other.metrics();
  ASSERT_EQ(lines.size(), others.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i].epoch, others[i].epoch);
    EXPECT_EQ(lines[i].loss, others[i].loss);
    EXPECT_EQ(lines[i].active_share, others[i].active_share);
    EXPECT_EQ(lines[i].learning_rate, others[i].learning_rate);
  }
}

/// 22 images in batches of 5: 5 batches an epoch, 15 in all.
TEST(Trainer, GoingOnEqualsNeverHavingStopped) {
  const TemporaryFolder folder;
  for (const char* optimizer : {"adam", "sgd"}) {
    const Recipe recipe =
        tiny_recipe({{"train.optimizer", optimizer}, {"train.schedule", "cosine"}, {"train.warmup_epochs", "1"}});
    Reporter quiet;
    const RunDirectory whole =
        pretrain(recipe, here, folder.path() / (std::string(optimizer) + "-whole"), false, quiet);
    ASSERT_EQ(whole.metrics().size(), 3U);
    for (const std::int64_t batches : {1, 4, 5, 7, 14}) {
      const auto out = folder.path() / (std::string(optimizer) + std::to_string(batches));
      StoppingReporter stopping(batches);
      EXPECT_THROW(pretrain(recipe, here, out, false, stopping), Interrupted);
      const RunDirectory rest = pretrain(recipe, here, out, true, quiet);
      EXPECT_EQ(final_checkpoint(rest), final_checkpoint(whole)) << optimizer << " stopped after " << batches;
      expect_same_metrics(rest, whole);
    }
  }
}

TEST(Trainer, GivesTheNetworkImagesOnItsScale) {
  for (const Device device : testing::all_devices()) {
    const ExecutionContext context{.data = {}, .device = device};
    Trainer plain(tiny_recipe({{"train.precision", "float32"}}), context);
    Trainer scaled(tiny_recipe({{"train.precision", "float32"}, {"data.mean", "0.25"}, {"data.std", "0.5"}}), context);
    plain.start_epoch(1);
    scaled.start_epoch(1);
    std::vector<double> expected = values_of(plain.make_batch(4));  // the short one
    for (double& value : expected) value = (value - 0.25) / 0.5;
    EXPECT_LT(testing::relative_error(values_of(scaled.make_batch(4)), expected), 1e-6);
  }
}

TEST(Trainer, StepByStepTheLossOfAnEpochIsThatOfItsLine) {
  const TemporaryFolder folder;
  Reporter quiet;
  const RunDirectory run = pretrain(tiny_recipe({{"train.epochs", "1"}}), here, folder.path() / "run", false, quiet);
  Trainer trainer(tiny_recipe({{"train.epochs", "1"}}), here);
  trainer.start_epoch(0);
  EXPECT_EQ(trainer.total_loss(), 0);
  for (std::int64_t batch = 0; batch < trainer.batches(); ++batch) trainer.take_step(batch);
  EXPECT_DOUBLE_EQ(trainer.total_loss() / static_cast<double>(trainer.batches()), run.metrics().back().loss);
}

TEST(Trainer, GoingOnEqualsNeverHavingStoppedOverEveryFeedbackPath) {
  const TemporaryFolder folder;
  for (const std::string& feedback : FeedbackRegistry::instance().names()) {
    const Recipe recipe = tiny_recipe({{"rule.feedback", feedback}});
    Reporter quiet;
    const RunDirectory whole = pretrain(recipe, here, folder.path() / (feedback + "-whole"), false, quiet);
    StoppingReporter stopping(7);
    const auto out = folder.path() / feedback;
    EXPECT_THROW(pretrain(recipe, here, out, false, stopping), Interrupted);
    EXPECT_EQ(final_checkpoint(pretrain(recipe, here, out, true, quiet)), final_checkpoint(whole)) << feedback;
  }
}

/// Stopped in the second epoch and resumed, a run ends with the very bytes of one that never stopped.
void expect_resumes(const Recipe& recipe, const std::filesystem::path& folder, const std::string& name) {
  Reporter quiet;
  const RunDirectory whole = pretrain(recipe, here, folder / (name + "-whole"), false, quiet);
  StoppingReporter stopping(7);
  EXPECT_THROW(pretrain(recipe, here, folder / name, false, stopping), Interrupted);
  const RunDirectory rest = pretrain(recipe, here, folder / name, true, quiet);
  EXPECT_EQ(final_checkpoint(rest), final_checkpoint(whole)) << name;
  expect_same_metrics(rest, whole);
}

/// The registered rules by which something learns.
std::vector<std::string> learning_rules() {
  std::vector<std::string> rules;
  for (const auto& [name, entry] : RuleRegistry::instance().entries()) {
    if (entry.traits.learns) rules.push_back(name);
  }
  return rules;
}

TEST(Trainer, ResumesUnderEveryRule) {
  const TemporaryFolder folder;
  for (const std::string& rule : learning_rules()) {
    expect_resumes(tiny_recipe({{"rule.kind", rule}, {"train.epochs", "3"}}), folder.path(), rule);
  }
}

TEST(Trainer, ResumesWithEveryLoss) {
  const TemporaryFolder folder;
  for (const std::string& loss : LossRegistry::instance().names()) {
    if (loss == "failing") continue;                                            // belongs to a test
    if (LossRegistry::instance().find(loss).traits.compares_patches) continue;  // patches_run_test.cc
    std::string text = testing::tiny_recipe_text();
    const std::string given = "features = 4\nbias = true\n";
    const std::vector<Override> changes{{"loss.kind", loss}, {"rule.kind", "local"}};
    text.replace(text.find(given), given.size(), "");
    const bool linear = head_kind(parse_recipe(text, "tiny.toml", changes)) == "linear";
    expect_resumes(linear ? tiny_recipe({{"loss.kind", loss}, {"rule.kind", "local"}, {"network.head.features", "3"}})
                          : parse_recipe(text, "tiny.toml", changes),
                   folder.path(), loss);
  }
}

TEST(Trainer, ResumesWithEveryHead) {
  const TemporaryFolder folder;
  for (const std::string& head : HeadRegistry::instance().names()) {
    std::string text = testing::tiny_recipe_text();
    const std::string given = "features = 4\nbias = true\n";
    text.replace(text.find(given), given.size(), "kind = \"" + head + "\"\n");
    expect_resumes(parse_recipe(text, "tiny.toml", {{"rule.kind", "local"}}), folder.path(), head);
  }
}

TEST(Trainer, ResumesWithEveryBlock) {
  const TemporaryFolder folder;
  for (const std::string& block : BlockRegistry::instance().names()) {
    expect_resumes(
        parse_recipe(testing::tiny_recipe_text() + ("[[network.blocks]]\nkind = \"" + block + "\"\n"), "tiny.toml", {}),
        folder.path(), block);
  }
}

class EveryRule : public ::testing::TestWithParam<const char*> {};

/// 21 images in batches of 5: the last batch of an epoch is one pair.
TEST_P(EveryRule, LearnsAndGoesOnWithEveryLoss) {
  const TemporaryFolder folder;
  for (const char* loss : {"contrastive_hinge", "nt_xent", "barlow_twins", "clapp", "cross_entropy"}) {
    const Recipe recipe = tiny_recipe({{"rule.kind", GetParam()},
                                       {"loss.kind", loss},
                                       {"data.images", "21"},
                                       {"network.head.features", "3"},
                                       {"train.epochs", "4"}});
    Reporter quiet;
    const RunDirectory whole = pretrain(recipe, here, folder.path() / (std::string(loss) + "-learns"), false, quiet);
    const std::vector<EpochMetrics> metrics = whole.metrics();
    // Errors over random matrices lower most losses in the long run alone; the hinge falls at once, by the head.
    const bool falls_at_once = GetParam() != std::string("dfa") || loss == std::string("contrastive_hinge");
    if (falls_at_once) {
      EXPECT_LT(metrics[3].loss, metrics[0].loss) << loss;
    } else {
      EXPECT_NE(metrics[3].loss, metrics[0].loss) << loss;
    }
    expect_resumes(recipe, folder.path(), loss);
  }
}

INSTANTIATE_TEST_SUITE_P(Rules, EveryRule, ::testing::Values("e2e", "gll", "rll", "dtp", "local", "dfa"),
                         [](const auto& rule) { return std::string(rule.param); });

TEST(Trainer, LayerwiseRulesAndTargetPropagationSendErrorsAcrossHeadsOverThePathAskedFor) {
  for (const char* rule : {"gll", "rll", "dtp"}) {
    for (const std::string& feedback : FeedbackRegistry::instance().names()) {
      Trainer trainer(tiny_recipe({{"rule.kind", rule}, {"rule.feedback", feedback}}), here);
      for (std::int64_t epoch = 0; epoch < trainer.total_epochs(); ++epoch) {
        trainer.start_epoch(epoch);
        for (std::int64_t batch = 0; batch < trainer.batches(); ++batch) trainer.step(trainer.make_batch(batch), batch);
      }
      std::int64_t sent = 0;
      for (const PathRecord& record : trainer.network().path_records()) {
        const bool is_head = record.layer.starts_with("heads.");
        EXPECT_EQ(record.feedback, feedback) << rule;
        EXPECT_EQ(record.errors_sent > 0, is_head) << rule << " over " << feedback << ", " << record.layer;
        sent += record.errors_sent;
      }
      EXPECT_EQ(sent, trainer.total_epochs() * trainer.batches()) << rule << " over " << feedback;
    }
  }
}

/// What is learnt in all epochs, and in how many steps that was given to the GPU as a graph.
std::pair<std::vector<double>, std::int64_t> learnt_on_a_gpu(const Recipe& recipe, bool as_graphs) {
  Trainer trainer(recipe, {.data = {}, .device = Device::cuda});
  std::int64_t graphs = 0;
  for (std::int64_t epoch = 0; epoch < trainer.total_epochs(); ++epoch) {
    trainer.start_epoch(epoch);
    for (std::int64_t batch = 0; batch < trainer.batches(); ++batch) {
      if (as_graphs) {
        graphs += trainer.take_step(batch) ? 1 : 0;
      } else {
        trainer.step(trainer.make_batch(batch), batch);
      }
    }
  }
  std::vector<double> learnt;
  for (const State& state : {trainer.network().state(true), trainer.rule().state()}) {
    for (const StateTensor& tensor : state) std::ranges::copy(values_of(tensor.tensor), std::back_inserter(learnt));
  }
  return {learnt, graphs};
}

TEST(TrainerOnAGpu, StepsGivenAsGraphsTeachTheSame) {
  if (accelerator::count() == 0) GTEST_SKIP() << "there is no GPU";
  for (const char* rule : {"e2e", "gll", "rll", "dtp", "local", "dfa"}) {
    // Seven images: a full batch and a short one in every epoch.
    const Recipe recipe = tiny_recipe({{"views.kind", "deform"},
                                       {"rule.kind", rule},
                                       {"rule.feedback", "brsf"},
                                       {"train.schedule", "cosine"},
                                       {"data.images", "7"}});
    const auto [expected, none] = learnt_on_a_gpu(recipe, false);
    const auto [learnt, graphs] = learnt_on_a_gpu(recipe, true);
    EXPECT_EQ(learnt, expected) << rule;
    EXPECT_GE(graphs, 4) << rule;
  }
}

TEST(TrainerOnAGpu, StepsAreGivenAsGraphsWhereTheHostMakesTheViews) {
  if (accelerator::count() == 0) GTEST_SKIP() << "there is no GPU";
  const Recipe recipe = tiny_recipe(
      {{"data.pretrain", "world"}, {"views.kind", "moments"}, {"data.images", "10"}, {"data.image_size", "8"}});
  const auto [expected, none] = learnt_on_a_gpu(recipe, false);
  const auto [learnt, graphs] = learnt_on_a_gpu(recipe, true);
  EXPECT_EQ(learnt, expected);
  EXPECT_GE(graphs, 3);
}

TEST(Trainer, AKilledRunGoesOnFromItsLastCheckpoint) {
  const TemporaryFolder folder;
  Reporter quiet;
  const RunDirectory whole = pretrain(tiny_recipe(), here, folder.path() / "whole", false, quiet);
  // As after SIGKILL: the newest checkpoint is torn, metrics are ahead of the one before it and end within a line.
  pretrain(tiny_recipe(), here, folder.path() / "killed", false, quiet);
  const auto newest = list_checkpoints(folder.path() / "killed/checkpoints").at(0);
  write_file(newest, read_file(newest).substr(0, 1000));
  write_file(folder.path() / "killed/metrics.jsonl",
             read_file(folder.path() / "killed/metrics.jsonl") + "{\"epoch\":4,\"lo");
  StoppingReporter telling;
  const RunDirectory rest = pretrain(tiny_recipe(), here, folder.path() / "killed", true, telling);
  EXPECT_THAT(telling.notes, HasSubstr("cut short"));
  EXPECT_THAT(telling.notes, HasSubstr("epoch_0002.safetensors instead"));
  EXPECT_EQ(final_checkpoint(rest), final_checkpoint(whole));
  expect_same_metrics(rest, whole);
}

TEST(Trainer, SameSeedSameBytesOtherSeedOtherBytes) {
  const TemporaryFolder folder;
  Reporter quiet;
  const RunDirectory one = pretrain(tiny_recipe(), here, folder.path() / "one", false, quiet);
  const RunDirectory two = pretrain(tiny_recipe(), here, folder.path() / "two", false, quiet);
  const RunDirectory other = pretrain(tiny_recipe({{"seed", "4"}}), here, folder.path() / "other", false, quiet);
  EXPECT_EQ(final_checkpoint(one), final_checkpoint(two));
  EXPECT_NE(final_checkpoint(one), final_checkpoint(other));
}

TEST(Trainer, KeepsTheLastThreeCheckpoints) {
  const TemporaryFolder folder;
  Reporter quiet;
  const RunDirectory run = pretrain(tiny_recipe({{"train.epochs", "6"}}), here, folder.path() / "run", false, quiet);
  std::vector<std::string> names;
  for (const auto& path : list_checkpoints(run.checkpoints())) names.push_back(path.filename().string());
  EXPECT_THAT(names,
              ::testing::ElementsAre("epoch_0006.safetensors", "epoch_0005.safetensors", "epoch_0004.safetensors"));
  const RunDirectory sparse =
      pretrain(tiny_recipe({{"train.checkpoint_every", "0"}}), here, folder.path() / "sparse", false, quiet);
  EXPECT_EQ(list_checkpoints(sparse.checkpoints()).size(), 1U);
}

TEST(Trainer, NoEpochsLeaveAnUntrainedCheckpoint) {
  const TemporaryFolder folder;
  Reporter quiet;
  const RunDirectory run = pretrain(tiny_recipe({{"train.epochs", "0"}}), here, folder.path() / "run", false, quiet);
  EXPECT_EQ(list_checkpoints(run.checkpoints()).at(0).filename(), "epoch_0000.safetensors");
}

TEST(Trainer, ALossThatIsNotFiniteStopsAndKeepsTheLastCheckpoint) {
  const TemporaryFolder folder;
  const Recipe recipe = tiny_recipe({{"loss.kind", "failing"}, {"loss.good_batches", "7"}});
  Reporter quiet;
  try {
    pretrain(recipe, here, folder.path() / "run", false, quiet);
    FAIL() << "went on";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("no longer finite in epoch 2 of 3, batch 3"));
    EXPECT_THAT(error.what(), HasSubstr("epoch_0001.safetensors"));
    EXPECT_THAT(error.what(), HasSubstr("learning_rate"));
  }
  const auto kept = list_checkpoints(folder.path() / "run/checkpoints");
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(Checkpoint(kept[0]).progress().epoch, 1);
}

TEST(Trainer, ImpossibleRecipesAreRefusedBeforeAnythingIsWritten) {
  const TemporaryFolder folder;
  const std::vector<std::pair<std::vector<Override>, std::string>> faults{
      {{{"train.batch", "23"}}, "larger than the data, 22 images"},
      {{{"data.images", "4"}}, "larger than the data, 4 images"},
      {{{"train.batch", "1"}}, "a batch of one pair holds no other image"},
      {{{"data.images", "1000"}}, "asks for 1000 train images of tiny, which has 22"},
      {{{"data.test_images", "1000"}}, "asks for 1000 test images of tiny"},
      {{{"network.blocks.1.pool", "9"}}, "shrinks"},
      {{{"train.warmup_epochs", "4"}}, "warm-up"},
      {{{"views.kind", "moments"}}, "moments"},
      {{{"loss.kind", "cross_entropy"}}, "and the embeddings have 4; use --set network.head.features=3"},
      {{{"data.pretrain", "cifar10"}}, "cifar"}};
  for (const auto& [changes, message] : faults) {
    Reporter quiet;
    try {
      run_experiment(tiny_recipe(changes), here, folder.path() / "run", false, quiet);
      ADD_FAILURE() << message << ": was accepted";
    } catch (const BadInput& error) {
      EXPECT_THAT(error.what(), HasSubstr(message));
    }
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "run")) << message;
  }
}

}  // namespace
}  // namespace biossl
