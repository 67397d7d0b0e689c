// The whole main job against arrays computed elsewhere: conv6's activity, embeddings, loss and every weight's update by
// backpropagation and over random feedback.
#include <gtest/gtest.h>

#include "biossl/ops/ops.h"
#include "biossl/rules/rule.h"
#include "tests/support/borrowed_loss.h"
#include "tests/support/channels.h"
#include "tests/support/devices.h"
#include "tests/support/reference_case.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using testing::reference_case;
using testing::relative_error;
using testing::values_of;

constexpr int layers = 6;  // five convolutions and the head

class Conv6Reference : public ::testing::TestWithParam<Device> {
 protected:
  void SetUp() override {
    arrays_ = reference_case("conv6");
    if (!arrays_) GTEST_SKIP() << testing::no_reference_arrays();
    if (testing::is_simulated(GetParam())) GTEST_SKIP() << "would take too long on a simulated GPU";
    make_network("transpose");
    images_ = testing::channels_last<float>(arrays_->array("images", GetParam()));
  }

  /// conv6 with the reference's weights.
  void make_network(const std::string& feedback) {
    SynapsesSetup setup;
    setup.device = GetParam();
    setup.feedback = feedback;
    setup.optimizer = OptimizerRegistry::instance().make("sgd", {});
    network_ = std::make_unique<Network>(preset("conv6"), Shape{32, 32, 3}, setup);
    network_->add_head(4);
    for (int layer = 0; layer < layers; ++layer) {
      Tensor target = synapses(layer).weights().values();
      copy(in_our_layout(fmt::format("weight_{}", layer), layer), target);
      synapses(layer).restored();
    }
  }

  /// The updates of one batch, the weights left alone; returns its loss.
  double step() {
    const std::int64_t pairs = images_.extent(0) / 2;
    const LossSetup shape{pairs, 64, DType::float32, GetParam()};
    const auto loss = LossRegistry::instance().make("contrastive_hinge", {}, shape);
    const RuleSetup setup{*network_, testing::borrowed(*loss), pairs, 1, 1};
    const auto rule = RuleRegistry::instance().make("e2e", {}, setup);
    Tensor totals({2}, DType::float64, GetParam());
    rule->step(images_, {.epoch = 0, .batch = 0, .learning_rate = 0.0, .labels = {}}, totals);
    return values_of(totals)[0];
  }

  void expect_updates(const std::string& kind) {
    for (int layer = 0; layer < layers; ++layer) {
      const Tensor expected = in_our_layout(fmt::format("{}_{}", kind, layer), layer);
      EXPECT_LE(relative_error(values_of(synapses(layer).weight_update()), values_of(expected)), 1e-4)
          << "layer " << layer;
    }
  }

  Synapses& synapses(int layer) {
    return layer == layers - 1 ? network_->head(4).synapses() : network_->block(layer).synapses();
  }

  /// A weight-shaped array; the head's as a map first, so that its channels can be moved.
  Tensor in_our_layout(const std::string& name, int layer) {
    const Tensor array = arrays_->array(name, GetParam());
    if (layer < layers - 1) return testing::channels_last<float>(array);
    return testing::channels_last<float>(array.reshaped({64, 512, 4, 4})).reshaped({64, 8192});
  }

  std::optional<testing::ReferenceCase> arrays_;
  std::unique_ptr<Network> network_;
  Tensor images_;
};

TEST_P(Conv6Reference, ActivityAgrees) {
  Tensor input = images_;
  for (int index = 0; index < network_->depth(); ++index) {
    Activity activity =
        network_->block(index).make_activity(input.extent(0), network_->setup().dtype, network_->setup().device);
    network_->block(index).forward(input, activity, Mode::evaluation);
    input = activity.output;
    const Tensor expected =
        testing::channels_last<float>(arrays_->array(fmt::format("block_{}_output", index), GetParam()));
    EXPECT_LE(relative_error(values_of(input.rows(0, 2)), values_of(expected)), 1e-5) << "block " << index;
  }
  Tensor embeddings({input.extent(0), 64}, DType::float32, GetParam());
  Workspace::fit(GetParam(), [&](Workspace& workspace) { network_->head(4).prepare(input.extent(0), workspace); });
  network_->head(4).forward(input, embeddings);
  EXPECT_LE(relative_error(values_of(embeddings), values_of(arrays_->array("embeddings", GetParam()))), 1e-5);
}

TEST_P(Conv6Reference, LossAndEveryUpdateByBackpropagationAgree) {
  EXPECT_NEAR(step() / arrays_->settings().at("loss").get<double>(), 1.0, 1e-5);
  expect_updates("update_bp");
}

TEST_P(Conv6Reference, EveryUpdateOverFixedRandomFeedbackAgrees) {
  make_network("fixed_random");
  for (int layer = 0; layer < layers; ++layer) {
    Tensor path = synapses(layer).feedback().state().at(0).tensor;
    copy(in_our_layout(fmt::format("feedback_{}", layer), layer), path);
    synapses(layer).restored();
  }
  step();
  expect_updates("update_rf");
}

TEST_P(Conv6Reference, TheFirstUpdatesOverUpdatedRandomFeedbackAreThoseOverFixed) {
  make_network("updated_random");
  for (int layer = 0; layer < layers; ++layer) {
    Tensor offset = synapses(layer).feedback().state().at(0).tensor;
    ops::add_scaled(in_our_layout(fmt::format("feedback_{}", layer), layer), -1.0, synapses(layer).weights().values(),
                    offset);
    synapses(layer).restored();
  }
  step();
  expect_updates("update_rf");
}

INSTANTIATE_TEST_SUITE_P(All, Conv6Reference, ::testing::ValuesIn(testing::all_devices()), testing::DeviceName());

}  // namespace
}  // namespace biossl
