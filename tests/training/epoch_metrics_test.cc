// What an epoch's line says of the loss and of the pairs, against the reports of the loss itself.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "biossl/training/pretraining.h"
#include "biossl/training/trainer.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tensors.h"
#include "tests/support/tiny.h"

namespace biossl {
namespace {

using testing::here;
using testing::TemporaryFolder;
using testing::tiny_recipe;

constexpr double images = 22;  // 5, 5, 5, 5 and 2 to a batch

/// Pairs are active whose distance is above a bound, negatives weigh nothing, and the weights stay as they are.
Recipe positive_pairs_beyond(double bound) {
  return tiny_recipe({{"train.epochs", "1"},
                      {"train.schedule", "constant"},
                      {"train.learning_rate", "1e-9"},
                      {"train.precision", "float32"},
                      {"loss.weight", "0"},
                      {"loss.positive_threshold", fmt::format("{}", bound)}});
}

struct Reports {
  std::int64_t batches = 0;
  double loss = 0, active = 0;  // summed over the batches
};

/// What the loss reports in the first epoch, where each step gets totals of its own.
Reports reports_of(const Recipe& recipe) {
  Trainer trainer(recipe, here);
  trainer.start_epoch(0);
  Reports sum{.batches = trainer.batches()};
  for (std::int64_t batch = 0; batch < trainer.batches(); ++batch) {
    const StepContext context{.epoch = 0, .batch = batch, .learning_rate = recipe.train.learning_rate, .labels = {}};
    Tensor totals({2}, DType::float64, Device::cpu);
    totals.fill_zero();
    trainer.rule().step(trainer.make_batch(batch), context, totals);
    trainer.network().between_steps(context);
    sum.loss += testing::values_of(totals)[0];
    sum.active += testing::values_of(totals)[1];
  }
  return sum;
}

TEST(EpochMetrics, LossIsTheMeanOfTheBatchesAndWhatIsOfPairsTheMeanOfTheImages) {
  // Beyond the mean distance of a pair lie some pairs, and never all.
  const double mean_distance = reports_of(positive_pairs_beyond(0)).loss / images;
  for (const double bound : {0.0, mean_distance}) {
    const Recipe recipe = positive_pairs_beyond(bound);
    const Reports reports = reports_of(recipe);
    ASSERT_EQ(reports.batches, 5) << "the last one is short";
    ASSERT_GT(reports.active, 0);
    const bool some_are_not = reports.active < images;
    ASSERT_EQ(some_are_not, bound > 0);
    const TemporaryFolder folder;
    Reporter quiet;
    const std::vector<EpochMetrics> lines = pretrain(recipe, here, folder.path() / "run", false, quiet).metrics();
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0].images, 22);
    EXPECT_NEAR(lines[0].loss / (reports.loss / 5), 1, 1e-9);
    EXPECT_NEAR(lines[0].loss_per_pair / (reports.loss / images), 1, 1e-9);
    EXPECT_NEAR(lines[0].active_share, reports.active / images, 1e-9);
  }
}

}  // namespace
}  // namespace biossl
