#include <gtest/gtest.h>

#include "biossl/rules/rule.h"
#include "tests/support/devices.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using testing::random_tensor;
using testing::relative_error;
using testing::values_of;

/// Odd sizes, every kind of stage, small enough for the reference backend.
NetworkSpec small_network() {
  const auto block = [](std::int64_t channels, Activation activation, std::int64_t pool, bool bias) {
    return BlockSpec{.channels = channels, .activation = activation, .pool = pool, .bias = bias, .conv = {}};
  };
  return {.blocks = {block(5, Activation::hardtanh, 1, false), block(6, Activation::tanh, 2, true),
                     block(7, Activation::none, 1, true), block(9, Activation::relu, 2, false)},
          .head = {.features = 10, .average_pool = 2, .activation = Activation::tanh, .bias = true}};
}

constexpr std::int64_t pairs = 5;
const Shape image{9, 11, 3};

/// A network, a loss and the rule, made alike on any device.
struct Job {
  SynapsesSetup setup;
  std::unique_ptr<Network> network;
  std::unique_ptr<Loss> loss;
  std::unique_ptr<LearningRule> rule;
  Tensor totals;

  Job(Device device, DType dtype, const Settings& loss_settings) {
    setup.device = device;
    setup.dtype = dtype;
    setup.optimizer = OptimizerRegistry::instance().make("sgd", {});
    network = std::make_unique<Network>(small_network(), image, setup);
    const LossShape shape{pairs, small_network().head.features, setup.master_dtype(), device, 1};
    loss = LossRegistry::instance().make("contrastive_hinge", loss_settings, shape);
    const RuleSetup rule_setup{*network, *loss, pairs, 1, 1};
    rule = RuleRegistry::instance().make("e2e", {}, rule_setup);
    totals = Tensor({2}, DType::float64, device);
  }

  double step(const Tensor& images, double learning_rate) {
    totals.fill_zero();
    rule->step(images, {.epoch = 0, .batch = 0, .learning_rate = learning_rate, .labels = {}}, totals);
    return totals.data<double>()[0];
  }
};

Tensor images(std::int64_t count, DType dtype, Device device) {
  return random_tensor({2 * count, image[0], image[1], image[2]}, dtype, device, 3);
}

/// All numbers of every weight's and bias's last update.
std::vector<double> updates(Network& network) {
  std::vector<double> all;
  const auto add = [&](const Synapses& synapses) {
    for (const Tensor* update : {&synapses.weight_update(), &synapses.bias_update()}) {
      if (update->empty()) continue;
      const std::vector<double> values = values_of(*update);
      all.insert(all.end(), values.begin(), values.end());
    }
  };
  for (int index = 0; index < network.depth(); ++index) add(network.block(index).synapses());
  add(network.head(network.depth() - 1).synapses());
  return all;
}

const Settings all_negatives{{"negatives", std::string("all")}, {"block_gradient", false}, {"threshold", 3.0}};

TEST(EndToEnd, UpdatesAreTheNumericDerivativesOfTheLoss) {
  Job job(Device::reference, DType::float64, all_negatives);
  const Tensor batch = images(pairs, DType::float64, Device::reference);
  job.step(batch, 0.0);
  State weights = job.network->state(false);
  const std::vector<double> computed = updates(*job.network);
  std::vector<double> numeric;
  for (StateTensor& tensor : weights) {
    for (double& weight : tensor.tensor.span<double>()) {
      const double before = weight;
      const double nudge = 1e-6;
      weight = before + nudge;
      const double above = job.step(batch, 0.0);
      weight = before - nudge;
      const double below = job.step(batch, 0.0);
      weight = before;
      numeric.push_back((above - below) / (2 * nudge));
    }
  }
  ASSERT_EQ(numeric.size(), computed.size());
  EXPECT_LE(relative_error(computed, numeric), 1e-5);
}

TEST(EndToEnd, CpuEqualsReference) {
  for (const DType dtype : testing::compute_types()) {
    for (const std::int64_t count : {pairs, std::int64_t{2}}) {  // a full batch and a short last one
      Job reference(Device::reference, dtype, all_negatives);
      Job cpu(Device::cpu, dtype, all_negatives);
      const double expected = reference.step(images(count, dtype, Device::reference), 0.0);
      const double loss = cpu.step(images(count, dtype, Device::cpu), 0.0);
      const bool wide = dtype == DType::float32;
      EXPECT_NEAR(loss / expected, 1.0, wide ? 1e-5 : 2e-2);
      // The error is a sum of signs: where rounding turns one, an update jumps, so bfloat16 can only be near.
      EXPECT_LE(relative_error(updates(*cpu.network), updates(*reference.network)), wide ? 1e-4 : 0.15)
          << name_of(dtype);
    }
  }
}

TEST(EndToEnd, GradientBlockLeavesTheMemoryWithoutAnyInfluenceOnUpdatesButThroughTheLoss) {
  // With one pair, view 0 enters only through the sign of b - a; changing a without changing the signs changes no
  // update.
  Job job(Device::reference, DType::float64, {{"recent", std::int64_t{1}}, {"threshold", 1.0}});
  Tensor batch = images(1, DType::float64, Device::reference);
  job.step(batch, 0.0);
  const std::vector<double> before = updates(*job.network);
  for (double& pixel : batch.rows(0, 1).span<double>()) pixel *= 1.0001;
  job.step(batch, 0.0);
  EXPECT_EQ(before, updates(*job.network));
  EXPECT_NE(before, std::vector<double>(before.size(), 0.0));
}

TEST(EndToEnd, LossFallsOnABatchLearntOverAndOver) {
  for (const Device device : testing::all_devices()) {
    Job job(device, DType::float32, all_negatives);
    const Tensor batch = images(pairs, DType::float32, device);
    const double first = job.step(batch, 1e-3);
    double last = first;
    for (int step = 0; step < 30; ++step) last = job.step(batch, 1e-3);
    EXPECT_LT(last, 0.9 * first) << name_of(device);
  }
}

TEST(EndToEnd, SameSeedSameBytesOtherSeedOtherBytes) {
  Job first(Device::cpu, DType::float32, all_negatives);
  Job second(Device::cpu, DType::float32, all_negatives);
  const Tensor batch = images(pairs, DType::float32, Device::cpu);
  for (int step = 0; step < 3; ++step) {
    first.step(batch, 1e-3);
    second.step(batch, 1e-3);
  }
  EXPECT_EQ(updates(*first.network), updates(*second.network));
}

}  // namespace
}  // namespace biossl
