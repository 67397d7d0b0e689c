#include "biossl/network/steps_together.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <vector>

#include "biossl/network/synapses.h"
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
  void learn(std::size_t layer, const LearningStep& step) {
    const auto seed = static_cast<std::uint32_t>(layer);
    const Tensor pre = random_tensor({4, 2, 2, 3}, DType::float32, Device::cpu, seed);
    layers_[layer]->learn(pre, random_tensor({4, 5}, DType::float32, Device::cpu, 100 + seed), step);
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

TEST(StepsTogether, NothingChangesBeforeTheyAreTakenAndThenAllAsAlone) {
  Layers ours;
  Layers alone;
  const auto before = ours.everything();
  StepsTogether together;
  for (int step = 0; step < 3; ++step) {
    const auto unchanged = ours.everything();
    for (const std::size_t layer : {2U, 0U, 1U}) {
      ours.learn(layer, {0.01 * static_cast<double>(layer + 1), &together});
      alone.learn(layer, 0.01 * static_cast<double>(layer + 1));
    }
    EXPECT_EQ(ours.everything(), unchanged);
    const std::int64_t version = ours.version(0);
    together.take();
    EXPECT_GT(ours.version(0), version) << "or copies of the weights would not be made anew";
    EXPECT_EQ(ours.everything(), alone.everything());
  }
  EXPECT_NE(ours.everything(), before);
  const auto after = ours.everything();
  together.take();
  EXPECT_EQ(ours.everything(), after) << "none was left to take";
}

TEST(StepsTogether, ABatchInChunksIsOneStep) {
  Layers ours;
  Layers alone;
  StepsTogether together;
  ours.learn(1, {0.01, true, false, &together});
  ours.learn(1, {0.01, false, true, &together});
  together.take();
  alone.learn(1, {0.01, true, false});
  alone.learn(1, {0.01, false, true});
  EXPECT_EQ(ours.everything(), alone.everything());
}

TEST(StepsTogether, WhatAnExceptionLeftCanBeForgotten) {
  Layers ours;
  const auto before = ours.everything();
  StepsTogether together;
  ours.learn(0, {0.01, &together});
  together.clear();
  together.take();
  EXPECT_EQ(ours.everything(), before);
}

}  // namespace
}  // namespace biossl
