// CLAPP on patches from the images to every weight: blocks, the predicting head on them, the loss.
#include <gtest/gtest.h>

#include <cmath>

#include "biossl/rules/block_range.h"
#include "biossl/rules/rule.h"
#include "tests/rules/small_job.h"
#include "tests/support/devices.h"
#include "tests/support/slopes.h"
#include "tests/support/tensors.h"
#include "tests/support/update_factors.h"

namespace biossl {
namespace {

using testing::relative_error;
using testing::values_of;

constexpr PatchGrid grid{.rows = 4, .columns = 2};
constexpr std::int64_t images = 3;
constexpr std::int64_t steps = 2;
const Shape patch{6, 7, 1};

NetworkSpec small_network(const std::string& head) {
  const auto block = [](std::int64_t channels, Activation activation, std::int64_t pool, bool bias) {
    return BlockSpec{.channels = channels, .activation = activation, .pool = pool, .bias = bias, .conv = {}};
  };
  return {.blocks = {block(3, Activation::hardtanh, 1, false), block(4, Activation::tanh, 2, true),
                     block(5, Activation::none, 2, false)},
          .head = {.features = 4, .kind = head, .predictions = steps}};
}

LossFactory losses(const Settings& settings, DType dtype, Device device) {
  return [=](int block, std::int64_t features) {
    const LossSetup setup{.batch = images,
                          .features = features,
                          .dtype = dtype,
                          .device = device,
                          .seed = 1,
                          .block = block,
                          .grid = grid,
                          .views = 1};
    return LossRegistry::instance().make("clapp_patches", settings, setup);
  };
}

Settings settings_of(const char* sampling, const char* negatives) {
  return {{"steps", steps}, {"sampling", std::string(sampling)}, {"negatives", std::string(negatives)}};
}

std::unique_ptr<Network> network_of(DType dtype, Device device, FeedbackFactory feedback = "transpose",
                                    const char* optimizer = "sgd") {
  SynapsesSetup setup;
  setup.device = device;
  setup.dtype = dtype;
  setup.feedback = std::move(feedback);
  setup.optimizer = OptimizerRegistry::instance().make(optimizer, {});
  return std::make_unique<Network>(small_network("patch_prediction"), patch, setup);
}

Tensor patches_of(std::int64_t count, const Network& network) {
  return testing::random_tensor(batch_of(count * grid.size(), patch), network.setup().dtype, network.setup().device, 3);
}

/// Blocks first..last of a network, learning by CLAPP.
struct Job {
  std::unique_ptr<Network> network;
  BlockRange range;
  Tensor totals;
  int first, last;

  Job(Device device, DType dtype, int from, int to, const Settings& settings, const char* optimizer = "sgd")
      : network(network_of(dtype, device, "transpose", optimizer)),
        range(*network, losses(settings, network->setup().master_dtype(), device), from, to, images * grid.size() / 2),
        totals({2}, DType::float64, device),
        first(from),
        last(to) {
    Workspace::fit(device, [&](Workspace& workspace) { range.prepare(workspace); });
  }

  double step(const Tensor& input, double learning_rate) {
    totals.fill_zero();
    range.step(input, {.epoch = 0, .batch = 1, .learning_rate = learning_rate, .labels = {}}, totals);
    return values_of(totals)[0];
  }
  /// Everything that learns, bottom up.
  std::vector<Synapses*> synapses() const {
    std::vector<Synapses*> all;
    for (int index = first; index <= last; ++index) all.push_back(&network->block(index).synapses());
    all.push_back(&network->head(last).synapses());
    return all;
  }
  std::vector<double> updates() const {
    std::vector<double> all;
    for (const Synapses* each : synapses()) {
      const std::vector<double> its = testing::updates(*each);
      all.insert(all.end(), its.begin(), its.end());
    }
    return all;
  }
};

struct Span {
  int first, last;
};

/// End to end, and every block alone.
class ClappPatchesOn : public ::testing::TestWithParam<Span> {};

TEST_P(ClappPatchesOn, UpdatesAreTheNumericDerivativesOfTheLoss) {
  const auto [first, last] = GetParam();
  for (const auto& settings : {settings_of("either", "random"), settings_of("both", "one_image")}) {
    for (const std::int64_t count : {images, std::int64_t{1}}) {
      Job job(Device::reference, DType::float64, first, last, settings);
      const Tensor input = patches_of(count, *job.network);
      job.step(input, 0.0);
      const std::vector<double> computed = job.updates();
      std::vector<Tensor> weights;
      for (Synapses* each : job.synapses()) {
        weights.push_back(each->weights().values());
        if (!each->bias().empty()) weights.push_back(each->bias());
      }
      const auto [ours, numeric] = testing::compare_slopes(
          computed, weights, [&] { return job.step(input, 0.0); }, 1e-6);
      EXPECT_LE(relative_error(ours, numeric), 1e-6) << count << " images";
    }
  }
}

TEST_P(ClappPatchesOn, TheCpuEqualsReference) {
  const auto [first, last] = GetParam();
  for (const DType dtype : testing::computed_types(Device::cpu)) {
    for (const std::int64_t count : {images, std::int64_t{2}}) {
      Job reference(Device::reference, dtype, first, last, settings_of("both", "random"));
      Job job(Device::cpu, dtype, first, last, settings_of("both", "random"));
      const double expected = reference.step(patches_of(count, *reference.network), 0.0);
      const bool wide = dtype == DType::float32;
      EXPECT_NEAR(job.step(patches_of(count, *job.network), 0.0) / expected, 1.0, wide ? 1e-5 : 1e-2);
      // Where rounding to bfloat16 turns a pool's maximum or a hinge, an update jumps.
      EXPECT_LE(relative_error(job.updates(), reference.updates()), wide ? 1e-5 : 0.1) << name_of(dtype);
      testing::expect_no_factor(job.synapses(), reference.synapses(),
                                fmt::format("{}, {} images", name_of(dtype), count));
    }
  }
}

TEST_P(ClappPatchesOn, LossFallsOnABatchLearntOverAndOver) {
  const auto [first, last] = GetParam();
  Job job(Device::cpu, DType::float32, first, last, settings_of("both", "random"), "adam");
  const Tensor input = patches_of(images, *job.network);
  const double start = job.step(input, 1e-2);
  double end = start;
  for (int step = 0; step < 60; ++step) end = job.step(input, 1e-2);
  EXPECT_LT(end, 0.9 * start);
}

struct SpanName {
  std::string operator()(const ::testing::TestParamInfo<Span>& info) const {
    return fmt::format("blocks_{}_to_{}", info.param.first, info.param.last);
  }
};

INSTANTIATE_TEST_SUITE_P(All, ClappPatchesOn, ::testing::Values(Span{0, 2}, Span{0, 0}, Span{1, 1}, Span{2, 2}),
                         SpanName());

/// Under `local` every block's updates are those of the block under its head and loss alone, which are the numeric
/// derivatives above.
TEST(ClappPatches, UnderTheLocalRuleEveryBlockLearnsByItsOwnLoss) {
  const Settings settings = settings_of("either", "same_place");
  const auto network = network_of(DType::float64, Device::reference);
  const auto rule = RuleRegistry::instance().make(
      "local", {},
      RuleSetup{*network, losses(settings, DType::float64, Device::reference), images * grid.size() / 2, 1, 1, 0});
  Tensor totals({2}, DType::float64, Device::reference);
  rule->step(patches_of(images, *network), {.epoch = 0, .batch = 1, .learning_rate = 0.0, .labels = {}}, totals);
  double loss = 0;
  for (int index = 0; index < network->depth(); ++index) {
    Job alone(Device::reference, DType::float64, index, index, settings);
    loss += alone.step(patches_of(images, *alone.network), 0.0) / network->depth();
    std::vector<double> ours = testing::updates(network->block(index).synapses());
    const std::vector<double> of_head = testing::updates(network->head(index).synapses());
    ours.insert(ours.end(), of_head.begin(), of_head.end());
    EXPECT_LE(relative_error(ours, alone.updates()), 1e-12) << "block " << index;
  }
  EXPECT_NEAR(values_of(totals)[0], loss, 1e-12);
}

/// The embeddings by hand, and the error of z over a feedback path that is not W.
TEST(PatchPredictionHead, PredictsFromTheMeanAndSendsErrorsBackOverItsPath) {
  const auto network = network_of(DType::float64, Device::reference, "fixed_random");
  Head& head = network->add_head(0);
  const Shape map = network->block(0).plan().output;
  const std::int64_t channels = map[2];
  const std::int64_t features = (steps + 1) * channels;
  ASSERT_EQ(head.features(), features);
  EXPECT_EQ(head.parameters(), steps * channels * channels);
  Workspace::fit(Device::reference, [&](Workspace& workspace) { head.prepare(5, workspace); });
  const Tensor activity = testing::random_tensor(batch_of(4, map), DType::float64, Device::reference, 1);
  Tensor embeddings = testing::poisoned({4, features}, DType::float64, Device::reference);
  head.forward(activity, embeddings);
  const std::vector<double> outputs = values_of(activity);
  const std::vector<double> weights = values_of(head.synapses().weights().values());
  const std::vector<double> path = values_of(head.synapses().path().values());
  Tensor errors = testing::random_tensor({4, features}, DType::float64, Device::reference, 2);
  const std::vector<double> error = values_of(errors);
  const auto at = [&](std::int64_t row, std::int64_t column, std::int64_t width) {
    return static_cast<std::size_t>(row * width + column);
  };
  std::vector<double> expected(static_cast<std::size_t>(4 * features));
  std::vector<double> expected_error(outputs.size());
  const std::int64_t positions = map[0] * map[1];
  for (std::int64_t n = 0; n < 4; ++n) {
    double* embedding = &expected[at(n, 0, features)];
    double* mean = embedding + steps * channels;
    for (std::int64_t p = 0; p < positions; ++p) {
      for (std::int64_t c = 0; c < channels; ++c) {
        mean[c] += outputs[at(n * positions + p, c, channels)] / static_cast<double>(positions);
      }
    }
    for (std::int64_t c = 0; c < channels; ++c) {
      double back = error[at(n, steps * channels + c, features)];
      for (std::int64_t o = 0; o < steps * channels; ++o) {
        embedding[o] += weights[at(o, c, channels)] * mean[c];
        back += path[at(o, c, channels)] * error[at(n, o, features)];
      }
      for (std::int64_t p = 0; p < positions; ++p) {
        expected_error[at(n * positions + p, c, channels)] = back / static_cast<double>(positions);
      }
    }
  }
  EXPECT_LT(relative_error(values_of(embeddings), expected), 1e-12);
  Tensor error_activity = testing::poisoned(batch_of(4, map), DType::float64, Device::reference);
  head.backward(activity, embeddings, errors, 0, 4, error_activity);
  EXPECT_LT(relative_error(values_of(error_activity), expected_error), 1e-12);
  const double bound = 1 / std::sqrt(static_cast<double>(channels));
  for (const double weight : weights) EXPECT_LE(std::abs(weight), bound);
}

}  // namespace
}  // namespace biossl
