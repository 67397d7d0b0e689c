#include "biossl/network/update_queue.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <vector>

#include "biossl/network/linear_synapses.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using testing::random_tensor;
using testing::values_of;

/// Three layers of synapses, of which the last has an optimiser of its own.
class Layers {
 public:
  Layers() {
    SynapsesSetup setup;
    setup.optimizer = OptimizerRegistry::instance().make("adam", {});
    for (std::uint32_t index = 0; index < 3; ++index) {
      if (index == 2) setup.optimizer = OptimizerRegistry::instance().make("sgd", {});
      layers_.push_back(std::make_unique<LinearSynapses>(setup, Shape{2, 2, 3}, 5, true, index));
    }
  }
  void learn(std::size_t layer, const UpdateOptions& options) {
    const auto seed = static_cast<std::uint32_t>(layer);
    const Tensor pre = random_tensor({4, 2, 2, 3}, DType::float32, Device::cpu, seed);
    layers_[layer]->learn(pre, random_tensor({4, 5}, DType::float32, Device::cpu, 100 + seed), options);
  }
  /// Weights, biases, moments and counts of all.
  std::vector<std::vector<double>> everything() {
    std::vector<std::vector<double>> all;
    for (const auto& layer : layers_) {
      for (const StateTensor& tensor : layer->state("", true)) {
        all.push_back(tensor.tensor.dtype() == DType::int32
                          ? std::vector<double>{static_cast<double>(*tensor.tensor.data<std::int32_t>())}
                          : values_of(tensor.tensor));
      }
    }
    return all;
  }
  std::int64_t version(std::size_t layer) const {
    return static_cast<std::int64_t>(layers_[layer]->weights().version());
  }

 private:
  std::vector<std::unique_ptr<Synapses>> layers_;
};

TEST(UpdateQueue, NothingChangesBeforeItIsAppliedAndThenAllAsAlone) {
  Layers ours;
  Layers alone;
  const auto before = ours.everything();
  UpdateQueue queue;
  for (int step = 0; step < 3; ++step) {
    const auto unchanged = ours.everything();
    for (const std::size_t layer : {2U, 0U, 1U}) {
      ours.learn(layer, {0.01 * static_cast<double>(layer + 1), &queue});
      alone.learn(layer, 0.01 * static_cast<double>(layer + 1));
    }
    EXPECT_EQ(ours.everything(), unchanged);
    const std::int64_t version = ours.version(0);
    queue.apply();
    EXPECT_GT(ours.version(0), version) << "or copies of the weights would not be made anew";
    EXPECT_EQ(ours.everything(), alone.everything());
  }
  EXPECT_NE(ours.everything(), before);
  const auto after = ours.everything();
  queue.apply();
  EXPECT_EQ(ours.everything(), after) << "none was left to apply";
}

TEST(UpdateQueue, ABatchInMicroBatchesIsOneStep) {
  Layers ours;
  Layers alone;
  UpdateQueue queue;
  const auto learn_in_two = [](Layers& layers, UpdateOptions options) {
    options.apply = false;
    layers.learn(1, options);
    options.accumulate = true;
    options.apply = true;
    layers.learn(1, options);
  };
  learn_in_two(ours, {0.01, &queue});
  queue.apply();
  learn_in_two(alone, 0.01);
  EXPECT_EQ(ours.everything(), alone.everything());
}

TEST(UpdateQueue, CanBeCleared) {
  Layers ours;
  const auto before = ours.everything();
  UpdateQueue queue;
  ours.learn(0, {0.01, &queue});
  queue.clear();
  queue.apply();
  EXPECT_EQ(ours.everything(), before);
}

}  // namespace
}  // namespace biossl
