// CLAPP from the images to every weight: blocks, the prediction head on them, the loss.
#include <gtest/gtest.h>

#include "biossl/rules/block_range.h"
#include "tests/support/borrowed_loss.h"
#include "tests/support/devices.h"
#include "tests/support/slopes.h"
#include "tests/support/tensors.h"
#include "tests/support/update_factors.h"

namespace biossl {
namespace {

using testing::random_tensor;
using testing::relative_error;
using testing::values_of;

NetworkSpec small_network() {
  const auto block = [](std::int64_t channels, Activation activation, std::int64_t pool, bool bias) {
    return BlockSpec{.channels = channels, .activation = activation, .pool = pool, .bias = bias, .conv = {}};
  };
  // Nothing of the head but its kind means anything here; the average-pool is larger than any map.
  return {
      .blocks = {block(5, Activation::hardtanh, 1, false), block(6, Activation::tanh, 2, true),
                 block(7, Activation::none, 2, false)},
      .head = {.features = 3, .average_pool = 50, .activation = Activation::none, .bias = false, .kind = "prediction"}};
}

constexpr std::int64_t pairs = 5;
const Shape image{9, 11, 3};

/// Blocks first..last of a network, learning by CLAPP.
struct Job {
  std::unique_ptr<Network> network;
  std::unique_ptr<Loss> loss;
  std::unique_ptr<BlockRange> range;
  Tensor totals;
  int first, last;

  Job(Device device, DType dtype, int from, int to) : totals({2}, DType::float64, device), first(from), last(to) {
    SynapsesSetup setup;
    setup.device = device;
    setup.dtype = dtype;
    setup.optimizer = OptimizerRegistry::instance().make("sgd", {});
    network = std::make_unique<Network>(small_network(), image, setup);
    const LossSetup shape{pairs, small_network().head.features, setup.master_dtype(), device, 1};
    loss = LossRegistry::instance().make("clapp", {}, shape);
    range = std::make_unique<BlockRange>(*network, testing::borrowed(*loss), first, last, pairs);
    Workspace::fit(device, [&](Workspace& workspace) { range->prepare(workspace); });
  }

  Tensor input(std::int64_t count) const {
    return random_tensor(batch_of(2 * count, image), network->setup().dtype, network->setup().device, 3);
  }
  double step(const Tensor& images, double learning_rate) {
    totals.fill_zero();
    range->step(images, {.epoch = 0, .batch = 0, .learning_rate = learning_rate, .labels = {}}, totals);
    return values_of(totals)[0];
  }
  /// Everything that learns, bottom up.
  std::vector<Synapses*> synapses() const {
    std::vector<Synapses*> all;
    for (int index = first; index <= last; ++index) all.push_back(&network->block(index).synapses());
    all.push_back(&network->head(last).synapses());
    return all;
  }
  /// All numbers of every last update.
  std::vector<double> updates() const {
    std::vector<double> all;
    for (const Synapses* each : synapses()) {
      for (const Tensor* update : {&each->weight_update(), &each->bias_update()}) {
        if (update->empty()) continue;
        const std::vector<double> values = values_of(*update);
        all.insert(all.end(), values.begin(), values.end());
      }
    }
    return all;
  }
};

struct Span {
  int first, last;
};

/// End to end, and every block alone.
class Clapp : public ::testing::TestWithParam<Span> {};

TEST_P(Clapp, UpdatesAreTheNumericDerivativesOfTheLoss) {
  const auto [first, last] = GetParam();
  for (const std::int64_t count : {pairs, std::int64_t{2}, std::int64_t{1}}) {
    Job job(Device::reference, DType::float64, first, last);
    const Tensor input = job.input(count);
    job.step(input, 0.0);
    const std::vector<double> computed = job.updates();
    std::vector<Tensor> weights;
    for (Synapses* each : job.synapses()) {
      weights.push_back(each->weights().values());
      if (!each->bias().empty()) weights.push_back(each->bias());
    }
    const auto [ours, numeric] = testing::compare_slopes(
        computed, weights, [&] { return job.step(input, 0.0); }, 1e-6);
    EXPECT_LE(relative_error(ours, numeric), 1e-6) << count << " pairs";
  }
}

TEST_P(Clapp, EveryDeviceEqualsReference) {
  const auto [first, last] = GetParam();
  for (const Device device : testing::compared_devices()) {
    for (const DType dtype : testing::computed_types(device)) {
      for (const std::int64_t count : {pairs, std::int64_t{2}}) {  // a full batch and a short last one
        Job reference(Device::reference, dtype, first, last);
        Job job(device, dtype, first, last);
        const double expected = reference.step(reference.input(count), 0.0);
        const bool wide = dtype == DType::float32;
        EXPECT_NEAR(job.step(job.input(count), 0.0) / expected, 1.0, wide ? 1e-5 : 1e-2) << name_of(device);
        // Where rounding to bfloat16 turns a pool's maximum or a hinge, an update jumps.
        EXPECT_LE(relative_error(job.updates(), reference.updates()), wide ? 1e-5 : 0.1)
            << name_of(device) << ", " << name_of(dtype);
        testing::expect_no_factor(job.synapses(), reference.synapses(),
                                  fmt::format("{}, {}, {} pairs", name_of(device), name_of(dtype), count));
      }
    }
  }
}

TEST_P(Clapp, LossFallsOnABatchLearntOverAndOver) {
  const auto [first, last] = GetParam();
  for (const Device device : testing::all_devices()) {
    if (testing::is_simulated(device)) continue;  // would take too long
    Job job(device, DType::float32, first, last);
    const Tensor input = job.input(pairs);
    const double start = job.step(input, 1e-2);
    double end = start;
    for (int step = 0; step < 40; ++step) end = job.step(input, 1e-2);
    EXPECT_LT(end, 0.9 * start) << name_of(device);
  }
}

struct SpanName {
  std::string operator()(const ::testing::TestParamInfo<Span>& info) const {
    return fmt::format("blocks_{}_to_{}", info.param.first, info.param.last);
  }
};

INSTANTIATE_TEST_SUITE_P(All, Clapp, ::testing::Values(Span{0, 2}, Span{0, 0}, Span{1, 1}, Span{2, 2}), SpanName());

}  // namespace
}  // namespace biossl
