// What every kind of block and head owes, whichever it is: updates that are the derivatives of the loss.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "biossl/ops/ops.h"
#include "biossl/rules/rule.h"
#include "tests/rules/small_job.h"
#include "tests/support/slopes.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using testing::numeric_slopes;
using testing::relative_error;
using testing::slopes;
using testing::small_images;
using testing::small_pairs;
using testing::values_of;
using testing::Work;

/// Half the weighted sum of the squared embeddings, of both views: smooth, so that any derivative exists.
class SmoothLoss final : public Loss {
 public:
  SmoothLoss(const NoOptions& /*options*/, const LossSetup& /*setup*/) {}

  void evaluate(const Tensor& embeddings, const StepContext& /*context*/, Tensor& errors, Tensor& totals) override {
    const auto values = embeddings.span<double>();
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double weight = 0.1 * static_cast<double>(1 + i % 7);
      errors.data<double>()[i] = weight * values[i];
      totals.data<double>()[0] += weight * values[i] * values[i] / 2;
    }
  }
  bool stops_gradient() const override { return false; }
  Plausibility plausibility() const override { return {}; }
};

testing::SmallJob job_of(const BlockSpec& middle, const HeadSpec& head, const std::string& rule) {
  const BlockSpec first{.channels = 5, .activation = Activation::tanh, .pool = 1, .bias = true, .conv = {}};
  const BlockSpec last{.channels = 4, .activation = Activation::none, .pool = 2, .bias = false, .conv = {}};
  testing::SmallJob job;
  job.device = Device::reference;
  job.dtype = DType::float64;
  job.make_loss = [](int, std::int64_t) -> std::unique_ptr<Loss> {
    return std::make_unique<SmoothLoss>(NoOptions(), LossSetup{});
  };
  job.rule_kind = rule;
  job.spec = {.blocks = {first, middle, last}, .head = head};
  return job;
}

/// Every tensor of weights, of layers and of others that learn, beside its last update.
void expect_derivatives(Work& work, const std::string& kind) {
  const Tensor images = small_images(small_pairs, DType::float64, Device::reference);
  const auto loss = [&] { return work.step(images, 0.0); };
  loss();
  int compared = 0;
  work.network().each_layer([&](const std::string& layer, Synapses& synapses) {
    loss();
    const std::vector<double> update = values_of(synapses.weight_update());
    Tensor weights = synapses.weights().values();
    const auto changed = [&] {
      synapses.restored();
      return loss();
    };
    EXPECT_LT(relative_error(slopes(update), numeric_slopes(weights, changed, 1e-6)), 1e-5) << kind << ", " << layer;
    synapses.restored();
    ++compared;
  });
  EXPECT_GT(compared, 0) << kind;
}

/// Few units, so that every weight can be moved.
Settings small(const std::vector<Field>& fields) {
  Settings settings;
  for (const Field& field : fields) {
    if (field.name == "channels" || field.name == "hidden" || field.name == "features")
      settings[field.name] = std::int64_t{5};
  }
  return settings;
}

TEST(EveryBlockKind, LearnsTheDerivativeOfTheLoss) {
  for (const std::string& kind : BlockRegistry::instance().names()) {
    BlockSpec block{.channels = 5, .activation = Activation::tanh, .pool = 1, .bias = true, .conv = {}, .kind = kind};
    block.settings = small(BlockRegistry::instance().find(kind).fields);
    Work work(job_of(block, {.features = 6}, "e2e"));
    expect_derivatives(work, kind);
  }
}

TEST(EveryBlockKind, LearnsItWithOtherOptionsToo) {
  const std::vector<std::pair<std::string, Settings>> variants{
      {"triangle", {{"power", 1.4}}}, {"triangle", {{"power", 0.7}}}, {"pool", {{"average", true}}}};
  for (const auto& [kind, settings] : variants) {
    BlockSpec block{.channels = 5, .activation = Activation::tanh, .pool = 1, .bias = true, .conv = {}, .kind = kind};
    block.settings = settings;
    Work work(job_of(block, {.features = 6}, "e2e"));
    expect_derivatives(work, kind);
  }
}

std::vector<double> output_of(const std::string& kind, const Settings& settings, const Tensor& input) {
  const BlockSetup setup{
      .input = {2, 2, 2}, .synapses = testing::reference_setup(), .index = 0, .where = "network.blocks[0]"};
  const auto block = BlockRegistry::instance().make(kind, settings, setup);
  Activity activity = block->make_activity(input.extent(0), input.dtype(), input.device());
  block->forward(input, activity, Mode::evaluation);
  return values_of(activity.output);
}

TEST(PlainBlocks, FollowTheirFormulas) {
  const Tensor input = testing::tensor_of({1, 2, 2, 2}, {1, 3, 2, 2, 0, 8, 7, 1}, DType::float64, Device::reference);
  EXPECT_EQ(output_of("triangle", {}, input), (std::vector<double>{0, 1, 0, 0, 0, 4, 3, 0}));
  EXPECT_EQ(output_of("triangle", {{"power", 2.0}}, input), (std::vector<double>{0, 1, 0, 0, 0, 16, 9, 0}));
  EXPECT_EQ(output_of("pool", {}, input), (std::vector<double>{7, 8}));
  EXPECT_EQ(output_of("pool", {{"average", true}}, input), (std::vector<double>{2.5, 3.5}));
  const double deviation = std::sqrt(7.5 + 1e-5);  // of a mean of 3
  std::vector<double> expected;
  for (const double value : values_of(input)) expected.push_back((value - 3) / deviation);
  EXPECT_LT(relative_error(output_of("standardize", {}, input), expected), 1e-12);
  EXPECT_THROW(output_of("pool", {{"window", std::int64_t{3}}}, input), std::invalid_argument);
  EXPECT_THROW(output_of("triangle", {{"power", 0.0}}, input), std::invalid_argument);
}

TEST(EveryHeadKind, LearnsTheDerivativeOfTheLoss) {
  const BlockSpec block{.channels = 5, .activation = Activation::tanh, .pool = 1, .bias = true, .conv = {}};
  for (const std::string& kind : HeadRegistry::instance().names()) {
    const HeadSetup setup{
        .map = {4, 4, 3}, .synapses = testing::reference_setup(), .index = 1, .block = 0, .maps = {{4, 4, 3}}};
    if (!HeadRegistry::instance().make(kind, {}, setup)->reads_blocks().empty()) continue;  // no error goes to them
    HeadSpec head{.features = 6};
    head.kind = kind;
    head.settings = small(HeadRegistry::instance().find(kind).fields);
    Work work(job_of(block, head, "e2e"));
    expect_derivatives(work, kind);
  }
}

}  // namespace
}  // namespace biossl
