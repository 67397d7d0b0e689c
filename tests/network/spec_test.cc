#include "biossl/network/spec.h"

#include <gtest/gtest.h>

#include "biossl/network/network.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

/// A network of this specification with a head on its last block.
Network made(const NetworkSpec& spec, const Shape& image) {
  SynapsesSetup setup;
  setup.optimizer = OptimizerRegistry::instance().make("sgd", {});
  Network network(spec, image, setup);
  network.add_head(network.depth() - 1);
  return network;
}

std::vector<BlockPlan> plan(const NetworkSpec& spec, const Shape& image) {
  const Network network = made(spec, image);
  std::vector<BlockPlan> plans;
  for (int index = 0; index < network.depth(); ++index) plans.push_back(network.block(index).plan());
  return plans;
}

TEST(NetworkSpec, Conv6HasThePublishedShapes) {
  const std::vector<BlockPlan> plans = plan(preset("conv6"), {32, 32, 3});
  ASSERT_EQ(plans.size(), 5U);
  const std::vector<Shape> outputs{{32, 32, 32}, {16, 16, 32}, {16, 16, 64}, {8, 8, 64}, {4, 4, 512}};
  for (std::size_t i = 0; i < plans.size(); ++i) EXPECT_EQ(plans[i].output, outputs[i]) << i;
  EXPECT_EQ(plans[4].parameters, 512 * 64 * 9);
  EXPECT_EQ(plans[0].operations, 2 * 32 * 32 * 32 * 27);
}

TEST(NetworkSpec, OtherPresetsEndWhereTheirHeadsBegin) {
  EXPECT_EQ(plan(preset("tanh4"), {32, 32, 3}).back().output, (Shape{2, 2, 256}));
  EXPECT_EQ(made(preset("vgg6"), {64, 64, 3}).head(5).parameters(), 2 * 2 * 1024 * 64);
}

TEST(NetworkSpec, ImpossibleNetworksAreRefusedByBlock) {
  const auto refused = [](const NetworkSpec& spec, const Shape& image, const char* words) {
    try {
      plan(spec, image);
      ADD_FAILURE() << "accepted: " << words;
    } catch (const std::invalid_argument& error) {
      EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
    }
  };
  refused({}, {32, 32, 3}, "no blocks");
  refused(preset("conv6"), {4, 4, 3}, "network.blocks[4]");
  NetworkSpec spec = preset("conv6");
  spec.blocks[2].channels = 0;
  refused(spec, {32, 32, 3}, "channels = 0");
  spec = preset("conv6");
  spec.head.average_pool = 5;
  refused(spec, {32, 32, 3}, "average_pool = 5");
  spec = preset("conv6");
  spec.blocks[0].conv = {.kernel = 40, .stride = 1, .padding = 1};
  refused(spec, {32, 32, 3}, "too small for kernel = 40");
  spec = preset("conv6");
  spec.blocks[0].conv = {.kernel = 2, .stride = 2, .padding = 0, .kernel_height = 40};
  refused(spec, {32, 32, 3}, "too small for kernel_height = 40 with padding_height = 0");
  spec = preset("conv6");
  spec.blocks[1].pool = 17;
  refused(spec, {32, 32, 3}, "pool = 17");
  for (const std::int64_t huge : {std::int64_t{1} << 40, std::int64_t{1} << 62}) {
    spec = preset("conv6");
    spec.blocks[3].channels = huge;
    refused(spec, {32, 32, 3}, "network.blocks[3]");
    spec = preset("conv6");
    spec.blocks[0].conv = {.kernel = huge, .stride = 1, .padding = huge - 1};
    refused(spec, {32, 32, 3}, "network.blocks[0]");
    spec = preset("conv6");
    spec.head.features = huge;
    refused(spec, {32, 32, 3}, "network.head");
  }
  EXPECT_THROW(preset("conv7"), std::invalid_argument);
}

TEST(Network, StartingWeightsDependOnSeedAndPlaceAlone) {
  SynapsesSetup setup;
  setup.optimizer = OptimizerRegistry::instance().make("adam", {});
  Network first(preset("conv6"), {32, 32, 3}, setup);
  setup.device = Device::reference;
  Network second(preset("conv6"), {32, 32, 3}, setup);
  second.add_head(1);  // a head more changes nothing for the others
  for (int index = 0; index < first.depth(); ++index) {
    const auto weights = testing::values_of(first.block(index).synapses().weights().values());
    EXPECT_EQ(weights, testing::values_of(second.block(index).synapses().weights().values()));
    const double bound =
        1.0 /
        std::sqrt(static_cast<double>(
            weights.size() / static_cast<std::size_t>(first.spec().blocks[static_cast<std::size_t>(index)].channels)));
    for (const double weight : weights) ASSERT_LE(std::abs(weight), bound);
  }
  EXPECT_EQ(testing::values_of(first.add_head(4).synapses().weights().values()),
            testing::values_of(second.add_head(4).synapses().weights().values()));
  setup.seed = 2;
  Network other(preset("conv6"), {32, 32, 3}, setup);
  EXPECT_NE(testing::values_of(other.block(0).synapses().weights().values()),
            testing::values_of(second.block(0).synapses().weights().values()));
}

}  // namespace
}  // namespace biossl
