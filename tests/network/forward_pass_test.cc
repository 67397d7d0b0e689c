#include "biossl/network/forward_pass.h"

#include <gtest/gtest.h>

#include "biossl/core/parallel.h"
#include "tests/support/devices.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using testing::random_tensor;
using testing::relative_error;

const Shape image{6, 7, 3};

/// Pooled and unpooled blocks in every order.
NetworkSpec every_order() {
  const auto block = [](std::int64_t channels, std::int64_t pool) {
    return BlockSpec{.channels = channels, .activation = Activation::tanh, .pool = pool, .bias = true, .conv = {}};
  };
  return {.blocks = {block(4, 1), block(5, 1), block(6, 2), block(3, 1), block(8, 2), block(4, 1)}, .head = {}};
}

Network network_on(Device device, DType dtype) {
  SynapsesSetup setup;
  setup.device = device;
  setup.dtype = dtype;
  setup.optimizer = OptimizerRegistry::instance().make("sgd", {});
  return {every_order(), image, setup};
}

/// What each block makes of the images, one block after the other.
std::vector<Activity> block_by_block(const Network& network, const Tensor& images) {
  std::vector<Activity> activities;
  Tensor input = images;
  for (int index = 0; index < network.depth(); ++index) {
    activities.push_back(
        network.block(index).make_activity(images.extent(0), network.setup().dtype, network.setup().device));
    network.block(index).forward(input, activities.back(), Mode::evaluation);
    input = activities.back().output;
  }
  return activities;
}

/// Tensors to keep what `wanted` says of a block in; NaN until then.
Activity place_for(const Activity& like, bool output, bool argmax) {
  const auto place = [](const Tensor& tensor) {
    return testing::poisoned(tensor.shape(), tensor.dtype(), tensor.device());
  };
  Activity activity;
  if (output) activity.output = place(like.output);
  if (argmax && !like.kept[0].empty()) activity.kept[0] = place(like.kept[0]);
  return activity;
}

void expect_same(const Activity& kept, const Activity& expected, double bound) {
  if (!kept.output.empty()) {
    EXPECT_LE(relative_error(kept.output, expected.output), bound);
  }
  if (!kept.kept[0].empty()) {
    EXPECT_LE(relative_error(kept.kept[0], expected.kept[0]), bound);
  }
}

TEST(ForwardPass, KeepsOfEveryBlockWhatIsWantedAndNoMore) {
  for (const Device device : testing::all_devices()) {
    const Network network = network_on(device, DType::float32);
    const Tensor images = random_tensor(batch_of(230, image), DType::float32, device, 1);  // two groups and a rest
    const std::vector<Activity> expected = block_by_block(network, images);
    for (unsigned wanted = 0; wanted < 1U << expected.size(); ++wanted) {
      ForwardPass pass(network, network.depth() - 1, 230);
      Workspace::fit(device, [&](Workspace& workspace) { pass.prepare(workspace); });
      std::vector<Activity> kept;
      for (std::size_t i = 0; i < expected.size(); ++i) {
        const bool output = (wanted >> i & 1U) != 0;
        kept.push_back(place_for(expected[i], output, !output || i % 2 == 0));
      }
      pass.run(images, kept);
      for (std::size_t i = 0; i < expected.size(); ++i) expect_same(kept[i], expected[i], 1e-6);
      // The reference is slow and its loops know no groups; a simulated GPU would take minutes.
      if ((device == Device::reference || testing::is_simulated(device)) && wanted == 7) break;
    }
  }
}

// Operations that write while others of their threads still read must not write over what is read.
TEST(ForwardPass, PassesThroughPooledConvolutionsOfAnyWidth) {
  const auto block = [](std::int64_t channels, std::int64_t pool) {
    return BlockSpec{.channels = channels, .activation = Activation::none, .pool = pool, .bias = false, .conv = {}};
  };
  SynapsesSetup setup;
  setup.optimizer = OptimizerRegistry::instance().make("sgd", {});
  const Shape large{16, 16, 16};
  const Network network({.blocks = {block(16, 1), block(64, 2), block(64, 2), block(16, 1)}, .head = {}}, large, setup);
  const Tensor images = random_tensor(batch_of(130, large), DType::float32, Device::cpu, 1);
  const std::vector<Activity> expected = block_by_block(network, images);
  const int before = threads();
  for (const int count : {1, 2, 5}) {
    set_threads(count);
    ForwardPass pass(network, 3, 130);
    Workspace::fit(Device::cpu, [&](Workspace& workspace) { pass.prepare(workspace); });
    std::vector<Activity> kept(4);
    kept[3] = place_for(expected[3], true, false);
    pass.run(images, kept);
    EXPECT_EQ(testing::values_of(kept[3].output), testing::values_of(expected[3].output)) << count << " threads";
  }
  set_threads(before);
}

TEST(ForwardPass, FewerImagesAndFewerBlocks) {
  const DType dtype = testing::computed_types(Device::cpu).back();
  const Network network = network_on(Device::cpu, dtype);
  const Tensor images = random_tensor(batch_of(30, image), dtype, Device::cpu, 1);
  const std::vector<Activity> expected = block_by_block(network, images);
  ForwardPass pass(network, 2, 64);
  Workspace::fit(Device::cpu, [&](Workspace& workspace) { pass.prepare(workspace); });
  std::vector<Activity> kept(3);
  kept[2] = place_for(expected[2], true, true);
  pass.run(images, kept);
  expect_same(kept[2], expected[2], 1e-2);
  pass.run(images.rows(0, 0), kept);  // no images are no work
}

TEST(ForwardPass, NeedsMemoryForAGroupWhateverTheNumberOfImages) {
  const Network network = network_on(Device::cpu, DType::float32);
  const auto bytes = [&](std::int64_t rows) {
    ForwardPass pass(network, network.depth() - 1, rows);
    return Workspace::fit(Device::cpu, [&](Workspace& workspace) { pass.prepare(workspace); }).bytes();
  };
  EXPECT_EQ(bytes(ForwardPass::group(Device::cpu)), bytes(100 * ForwardPass::group(Device::cpu)));
  EXPECT_LT(bytes(1), bytes(2));
}

}  // namespace
}  // namespace biossl
