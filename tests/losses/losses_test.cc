// What every loss owes, whichever it is: errors that are the derivatives of what it reports.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "biossl/losses/loss.h"
#include "biossl/ops/ops.h"
#include "tests/support/devices.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using namespace biossl::testing;

constexpr std::int64_t largest_batch = 7;
constexpr std::int64_t features = 6;
constexpr PatchGrid patches{.rows = 7, .columns = 2};

struct LossCase {
  std::string name;
  std::string kind;
  Settings settings;
};

/// Every registered loss as it comes, and some with settings.
std::vector<LossCase> cases() {
  std::vector<LossCase> all;
  for (const std::string& kind : LossRegistry::instance().names()) {
    if (kind == "failing" || kind == "short_patches") continue;  // tests' own
    all.push_back({kind, kind, {}});
  }
  all.push_back({"hinge_all", "contrastive_hinge", {{"negatives", "all"}, {"block_gradient", false}}});
  all.push_back({"hinge_normalised", "contrastive_hinge", {{"normalise", true}, {"threshold", 1.5}, {"margin", 0.5}}});
  all.push_back({"nt_xent_warm", "nt_xent", {{"temperature", 0.5}}});
  all.push_back({"barlow_twins_even", "barlow_twins", {{"lambda", 1.0}, {"epsilon", 0.1}}});
  all.push_back({"clapp_patches_both", "clapp_patches", {{"sampling", "both"}, {"negatives", "same_place"}}});
  all.push_back({"hinge_patches_unblocked", "hinge_patches", {{"block_gradient", false}}});
  all.push_back({"hinge_patches_all", "hinge_patches", {{"negatives", "all"}, {"block_gradient", false}}});
  return all;
}

bool compares_patches(const LossCase& each) { return LossRegistry::instance().find(each.kind).traits.compares_patches; }

/// Embeddings of an image: of its two views, or of its patches.
std::int64_t rows_of_image(const LossCase& each) { return compares_patches(each) ? patches.size() : 2; }

LossSetup setup_of(const LossCase& each, DType dtype, Device device) {
  LossSetup setup{largest_batch, features, dtype, device, 3};
  if (!compares_patches(each)) return setup;
  setup.grid = patches;
  setup.views = 1;
  return setup;
}

/// Of these devices, the ones that it is for: one of your own may be written for the host alone.
std::vector<Device> devices_of(const LossCase& each, std::vector<Device> devices) {
  std::erase_if(devices, [&](Device device) {
    if (device != Device::cuda) return false;
    try {
      LossRegistry::instance().make(each.kind, each.settings, setup_of(each, DType::float32, device));
      return false;
    } catch (const std::invalid_argument&) {
      return true;
    }
  });
  return devices;
}

/// A loss prepared for batches of 7, and the embeddings, labels and results of one batch of pairs, or images in
/// patches.
struct Job {
  std::unique_ptr<Loss> loss;
  Tensor embeddings, errors, totals;
  StepContext context;
  std::int64_t images;
  bool of_patches;

  Job(const LossCase& each, std::int64_t pairs, DType dtype, Device device)
      : embeddings(random_tensor({rows_of_image(each) * pairs, features}, dtype, device, 5, 0.4F)),
        errors(poisoned(embeddings.shape(), dtype, device)),
        totals({2}, DType::float64, device),
        images(pairs),
        of_patches(compares_patches(each)) {
    loss = LossRegistry::instance().make(each.kind, each.settings, setup_of(each, dtype, device));
    std::vector<std::int32_t> labels;
    for (std::int32_t i = 0; i < pairs; ++i) labels.push_back(i * 5 % features);
    context = {.epoch = 2, .batch = 4, .learning_rate = 0.1, .labels = indices_of(labels, device)};
  }

  /// The loss of the batch.
  double evaluate() {
    totals.fill_zero();
    loss->evaluate(embeddings, context, errors, totals);
    return values_of(totals)[0];
  }
  std::int64_t first_row() const { return loss->stops_gradient() ? embeddings.extent(0) / 2 : 0; }
  /// A row for each image: the embeddings of its current view, or of its patches.
  Tensor current(const Tensor& rows) const {
    if (of_patches) return rows.reshaped({images, rows.size() / images});
    return rows.rows(images, 2 * images);
  }
  std::vector<double> wanted_errors() const { return values_of(errors.rows(first_row(), errors.extent(0))); }
};

class EveryLoss : public ::testing::TestWithParam<LossCase> {};

TEST_P(EveryLoss, ErrorsAreTheNumericDerivatives) {
  for (const std::int64_t pairs : {largest_batch, std::int64_t{3}, std::int64_t{1}}) {  // the last batch may be short
    Job job(GetParam(), pairs, DType::float64, Device::reference);
    if (!job.loss->is_differentiable()) GTEST_SKIP() << "behind a stop-gradient";
    Tensor changed = job.embeddings.rows(job.first_row(), job.embeddings.extent(0));
    const std::vector<double> expected = numeric_derivative(
        changed, [&] { return job.evaluate(); }, 1e-6);
    job.evaluate();
    EXPECT_LT(relative_error(job.wanted_errors(), expected), 1e-6) << pairs << " pairs";
    for (const double error : values_of(job.errors.rows(0, job.first_row()))) {
      EXPECT_TRUE(std::isnan(error)) << "a memory's error was written";
    }
  }
}

TEST_P(EveryLoss, EveryDeviceEqualsReference) {
  for (const Device device : devices_of(GetParam(), compared_devices())) {
    for (const std::int64_t pairs : {largest_batch, std::int64_t{2}, std::int64_t{1}}) {
      Job ours(GetParam(), pairs, DType::float32, device);
      Job reference(GetParam(), pairs, DType::float32, Device::reference);
      const double expected = reference.evaluate();
      EXPECT_NEAR(ours.evaluate(), expected, 1e-5 * expected);
      EXPECT_LT(relative_error(ours.wanted_errors(), reference.wanted_errors()), 1e-5) << pairs << " pairs";
      EXPECT_EQ(values_of(ours.totals)[1], values_of(reference.totals)[1]);
    }
  }
}

// Training stops where the loss is not finite: none may hide it.
TEST_P(EveryLoss, IsNotANumberWhereAnEmbeddingIsNone) {
  for (const Device device : devices_of(GetParam(), all_devices())) {
    Job job(GetParam(), largest_batch, DType::float32, device);
    Tensor current = job.current(job.embeddings).rows(largest_batch - 1, largest_batch);
    ops::scale(current, std::nan(""), current);
    EXPECT_TRUE(std::isnan(job.evaluate())) << name_of(device);
  }
}

TEST_P(EveryLoss, AddsToTotalsAndCountsCurrentViewsWithAnError) {
  for (const Device device : devices_of(GetParam(), all_devices())) {
    Job job(GetParam(), largest_batch, DType::float32, device);
    const double loss = job.evaluate();
    job.loss->evaluate(job.embeddings, job.context, job.errors, job.totals);
    const std::vector<double> twice = values_of(job.totals);
    EXPECT_NEAR(twice[0], 2 * loss, 1e-9 * loss);
    std::int64_t active = 0;
    for (std::int64_t image = 0; image < largest_batch; ++image) {
      const std::vector<double> error = values_of(job.current(job.errors).rows(image, image + 1));
      active += std::ranges::any_of(error, [](double value) { return value != 0; }) ? 1 : 0;
    }
    EXPECT_EQ(twice[1], 2 * static_cast<double>(active));
    EXPECT_GT(active, 0);
  }
}

INSTANTIATE_TEST_SUITE_P(All, EveryLoss, ::testing::ValuesIn(cases()), CaseName());

/// What a loss says of itself.
struct Properties {
  bool stops_gradient, recent_memory, plain, labels;
  std::string head;

  bool operator==(const Properties&) const = default;
};

TEST(Losses, SayWhatTheyAreAndNeed) {
  const std::vector<std::pair<LossCase, Properties>> expected{
      {{"", "contrastive_hinge", {}}, {true, true, true, false, "linear"}},
      {{"", "contrastive_hinge", {{"negatives", "all"}}}, {true, false, true, false, "linear"}},
      {{"", "contrastive_hinge", {{"normalise", true}}}, {true, true, false, false, "linear"}},
      {{"", "nt_xent", {}}, {false, false, false, false, "linear"}},
      {{"", "barlow_twins", {}}, {false, false, false, false, "linear"}},
      {{"", "clapp", {}}, {false, false, false, false, "prediction"}},
      {{"", "clapp_patches", {}}, {false, false, false, false, "patch_prediction"}},
      {{"", "hinge_patches", {}}, {false, true, true, false, "linear"}},
      {{"", "hinge_patches", {{"negatives", "all"}}}, {false, false, true, false, "linear"}},
      {{"", "hinge_patches", {{"block_gradient", false}}}, {false, false, true, false, "linear"}},
      {{"", "cross_entropy", {}}, {false, true, false, true, "linear"}}};
  for (const auto& [each, properties] : expected) {
    const Job job(each, 2, DType::float32, Device::reference);
    const Loss& loss = *job.loss;
    const Plausibility its = loss.plausibility();
    const Properties said{loss.stops_gradient(), its.recent_activity, its.plain_arithmetic, loss.reads_labels(),
                          loss.head()};
    EXPECT_TRUE(said == properties) << each.kind;
  }
}

TEST(Losses, RefuseWhatMakesNoSense) {
  struct Refused {
    std::string kind;
    Settings settings;
    std::int64_t batch;
    std::string message;
  };
  const std::vector<Refused> all{
      {"nt_xent", {{"temperature", 0.0}}, 4, "[nt_xent] temperature = 0 must be positive"},
      {"barlow_twins", {{"lambda", -1.0}}, 4, "[barlow_twins] lambda = -1 may not be negative"},
      {"barlow_twins", {{"epsilon", 0.0}}, 4, "[barlow_twins] epsilon = 0 must be positive"},
      {"barlow_twins", {}, 1, "[barlow_twins] a batch of one pair has no spread"},
      {"clapp", {}, 1, "[clapp] a batch of one pair holds no other image"},
      {"nt_xent", {}, 1, "[nt_xent] a batch of one pair holds no other image"},
      {"contrastive_hinge", {}, 1, "[contrastive_hinge] a batch of one pair holds no other image"},
      {"contrastive_hinge", {{"margin", -0.5}}, 4, "[contrastive_hinge] margin = -0.5 may not be negative"},
      {"clapp_patches", {}, 1, "[clapp_patches] a batch of one image holds no other image"},
      {"clapp_patches", {{"sampling", "none"}}, 4, "[clapp_patches] sampling = 'none' is unknown"},
      {"clapp_patches", {{"negatives", "all"}}, 4, "[clapp_patches] negatives = 'all' is unknown"},
      {"clapp_patches", {{"steps", std::int64_t{0}}}, 4, "[clapp_patches] steps = 0 must be between 1"},
      {"clapp_patches",
       {{"block_gradient", true}},
       4,
       "[clapp_patches] 'block_gradient' makes no sense here: the error of a prediction"},
      {"hinge_patches", {}, 1, "[hinge_patches] a batch of one image holds no other image"},
      {"hinge_patches", {{"margin", -0.5}}, 4, "[hinge_patches] margin = -0.5 may not be negative"},
      {"nt_xent", {{"block_gradient", true}}, 4, "[nt_xent] 'block_gradient' makes no sense here: both views"},
      {"barlow_twins",
       {{"block_gradient", true}},
       4,
       "[barlow_twins] 'block_gradient' makes no sense here: features of both"},
      {"clapp", {{"block_gradient", true}}, 4, "[clapp] 'block_gradient' makes no sense here: the error of view 0's"},
      {"cross_entropy",
       {{"block_gradient", true}},
       4,
       "[cross_entropy] 'block_gradient' makes no sense here: each view"}};
  for (const Refused& each : all) {
    const auto make = [&] {
      const LossSetup shape{each.batch, features, DType::float32, Device::reference};
      LossRegistry::instance().make(each.kind, each.settings, shape);
    };
    EXPECT_THAT(make, ::testing::ThrowsMessage<std::invalid_argument>(::testing::StartsWith(each.message)));
  }
}

TEST(CrossEntropy, NeedsALabelForEachImage) {
  Job job({"", "cross_entropy", {}}, 4, DType::float32, Device::reference);
  for (const Tensor& labels : {Tensor(), indices_of({1, 2, 3}, Device::reference)}) {
    job.context.labels = labels;
    EXPECT_THAT([&] { job.evaluate(); },
                ::testing::ThrowsMessage<std::invalid_argument>(::testing::HasSubstr("each of the 4 images")));
  }
}

/// Which image stands against each: with targets e_j and predictions 0 the error of prediction i is (e_negative -
/// e_i) / B.
std::vector<std::int64_t> negatives_of(Loss& loss, const StepContext& context, std::int64_t pairs, Device device) {
  std::vector<double> rows(static_cast<std::size_t>(2 * pairs * pairs));
  for (std::int64_t i = 0; i < pairs; ++i) rows[static_cast<std::size_t>((pairs + i) * pairs + i)] = 1;
  Tensor errors({2 * pairs, pairs}, DType::float32, device);
  Tensor totals({2}, DType::float64, device);
  loss.evaluate(tensor_of(errors.shape(), rows, DType::float32, device), context, errors, totals);
  std::vector<std::int64_t> negatives;
  for (std::int64_t i = 0; i < pairs; ++i) {
    const std::vector<double> error = values_of(errors.rows(i, i + 1));
    negatives.push_back(std::ranges::max_element(error) - error.begin());
  }
  return negatives;
}

class ClappNegatives : public ::testing::TestWithParam<Device> {
 protected:
  std::vector<std::int64_t> draw(std::uint64_t seed, std::int64_t epoch, std::int64_t batch) const {
    const LossSetup shape{largest_batch, features, DType::float32, GetParam(), seed};
    const auto loss = LossRegistry::instance().make("clapp", {}, shape);
    const StepContext context{.epoch = epoch, .batch = batch, .learning_rate = 0, .labels = {}};
    return negatives_of(*loss, context, 5, GetParam());
  }
};

TEST_P(ClappNegatives, AreEachOtherImageEquallyOften) {
  std::vector<std::vector<int>> counts(5, std::vector<int>(5));
  constexpr int batches = 200;
  for (int batch = 0; batch < batches; ++batch) {
    const std::vector<std::int64_t> drawn = draw(1, 0, batch);
    for (std::size_t i = 0; i < 5; ++i) ++counts[i][static_cast<std::size_t>(drawn[i])];
  }
  for (std::size_t i = 0; i < 5; ++i) {
    for (std::size_t j = 0; j < 5; ++j) {
      if (i == j) {
        EXPECT_EQ(counts[i][j], 0);
      } else {
        EXPECT_NEAR(counts[i][j], batches / 4, 31);  // five deviations
      }
    }
  }
}

TEST_P(ClappNegatives, DependOnSeedEpochAndBatchAlone) {
  EXPECT_EQ(draw(1, 2, 3), draw(1, 2, 3));
  EXPECT_NE(draw(1, 2, 3), draw(2, 2, 3));
  EXPECT_NE(draw(1, 2, 3), draw(1, 3, 3));
  EXPECT_NE(draw(1, 2, 3), draw(1, 2, 4));
}

INSTANTIATE_TEST_SUITE_P(All, ClappNegatives, ::testing::ValuesIn(all_devices()), DeviceName());

}  // namespace
}  // namespace biossl
