// What every kind of block and head owes, whichever it is: updates that are the derivatives of the loss, the same ones
// on the CPU.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "biossl/ops/ops.h"
#include "biossl/rules/rule.h"
#include "tests/rules/small_job.h"
#include "tests/support/devices.h"
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
    if (embeddings.dtype() == DType::float64) return sum<double>(embeddings, errors, totals);
    sum<float>(embeddings, errors, totals);
  }
  bool stops_gradient() const override { return false; }
  Plausibility plausibility() const override { return {}; }

 private:
  template <class T>
  static void sum(const Tensor& embeddings, const Tensor& errors, const Tensor& totals) {
    const auto values = embeddings.span<T>();
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double weight = 0.1 * static_cast<double>(1 + i % 7);
      const auto value = static_cast<double>(values[i]);
      errors.data<T>()[i] = static_cast<T>(weight * value);
      totals.data<double>()[0] += weight * value * value / 2;
    }
  }
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

/// A tensor of weights, biases or other numbers that learn, and the update that the step has computed for it.
struct Learnt {
  std::string name;
  Tensor values;
  std::vector<double> update;
};

/// Every tensor that learns, of layers and of others, after the network's first step: what momentum starts from is the
/// update itself, and what has a velocity in the state is what learns.
std::vector<Learnt> after_first_step(Work& work, DType dtype, Device device) {
  work.step(small_images(small_pairs, dtype, device), 0.0);
  const std::string velocity = "optimizer.velocity.";
  const State state = work.network().state(true);
  std::vector<Learnt> all;
  for (const StateTensor& kept : state) {
    const auto at = kept.name.find(velocity);
    if (at == std::string::npos) continue;
    const std::string name = std::string(kept.name).erase(at, velocity.size());
    for (const StateTensor& tensor : state) {
      if (tensor.name == name) all.push_back({name, tensor.tensor, values_of(kept.tensor)});
    }
  }
  return all;
}

/// The update of that name; empty where there is none.
std::vector<double> update_of(const std::vector<Learnt>& learnt, const std::string& name) {
  for (const Learnt& tensor : learnt) {
    if (tensor.name == name) return tensor.update;
  }
  return {};
}

/// Compares every update with the numeric derivative, and looks whether none is missing.
void expect_derivatives(Work& work, const std::string& kind) {
  std::vector<Learnt> all = after_first_step(work, DType::float64, Device::reference);
  EXPECT_FALSE(all.empty()) << kind;
  work.network().each_layer([&](const std::string& layer, const Synapses& synapses) {
    EXPECT_EQ(update_of(all, layer + ".weight"), values_of(synapses.weight_update())) << kind;
    EXPECT_EQ(update_of(all, layer + ".bias"), values_of(synapses.bias_update())) << kind;
  });
  const Tensor images = small_images(small_pairs, DType::float64, Device::reference);
  const auto loss = [&] {
    work.network().restored();
    return work.step(images, 0.0);
  };
  for (auto& [name, values, update] : all) {
    EXPECT_LT(relative_error(slopes(update), numeric_slopes(values, loss, 1e-7)), 1e-5) << kind << ", " << name;
  }
}

/// Makes every number that learns one that bfloat16 holds: the CPU rounds weights to that type, the reference does not.
void round_weights(Network& network) {
  for (const StateTensor& tensor : network.state(false)) {
    const Tensor rounded =
        testing::tensor_of(tensor.tensor.shape(), values_of(tensor.tensor), DType::bfloat16, Device::reference);
    Tensor values = tensor.tensor;
    copy(testing::tensor_of(values.shape(), values_of(rounded), values.dtype(), values.device()), values);
  }
  network.restored();
}

/// Every update on the CPU beside that of the reference device, in all types that the CPU computes in.
void expect_same_on_the_cpu(testing::SmallJob job, const std::string& kind) {
  for (const DType dtype : testing::computed_types(Device::cpu)) {
    const bool wide = dtype == DType::float32;
    if (!wide) job.spec.blocks.back().pool = 1;  // where rounding turns a pool's maximum, an update jumps
    const auto learnt_on = [&](Device device) {
      job.dtype = dtype;
      job.device = device;
      Work work(job);
      round_weights(work.network());
      return after_first_step(work, dtype, device);
    };
    const std::vector<Learnt> expected = learnt_on(Device::reference);
    const std::vector<Learnt> ours = learnt_on(Device::cpu);
    EXPECT_EQ(ours.size(), expected.size()) << kind;
    for (const auto& [name, values, update] : expected) {
      EXPECT_LT(relative_error(update_of(ours, name), update), wide ? 1e-4 : 0.08)
          << kind << ", " << name << ", " << name_of(dtype);
    }
  }
}

/// Few units, and biases wherever there may be some.
Settings small(const std::vector<Field>& fields) {
  Settings settings;
  for (const Field& field : fields) {
    if (field.name == "channels" || field.name == "hidden" || field.name == "features")
      settings[field.name] = std::int64_t{5};
    if (field.name == "bias") settings[field.name] = true;
  }
  return settings;
}

/// A network with a block of this kind in its middle.
testing::SmallJob job_of_block(const std::string& kind, const Settings& settings) {
  BlockSpec block{.channels = 5, .activation = Activation::tanh, .pool = 1, .bias = true, .conv = {}, .kind = kind};
  block.settings = settings;
  return job_of(block, {.features = 6, .bias = true}, "e2e");
}

Settings small_block(const std::string& kind) { return small(BlockRegistry::instance().find(kind).fields); }

TEST(EveryBlockKind, LearnsTheDerivativeOfTheLoss) {
  for (const std::string& kind : BlockRegistry::instance().names()) {
    Work work(job_of_block(kind, small_block(kind)));
    expect_derivatives(work, kind);
  }
}

TEST(EveryBlockKind, LearnsItWithOtherOptionsToo) {
  const std::vector<std::pair<std::string, Settings>> variants{
      {"triangle", {{"power", 1.4}}}, {"triangle", {{"power", 0.7}}}, {"pool", {{"average", true}}}};
  for (const auto& [kind, settings] : variants) {
    Work work(job_of_block(kind, settings));
    expect_derivatives(work, kind);
  }
}

TEST(EveryBlockKind, LearnsTheSameOnTheCpu) {
  for (const std::string& kind : BlockRegistry::instance().names()) {
    expect_same_on_the_cpu(job_of_block(kind, small_block(kind)), kind);
  }
  expect_same_on_the_cpu(job_of_block("triangle", {{"power", 1.4}}), "triangle");
  expect_same_on_the_cpu(job_of_block("pool", {{"average", true}}), "pool");
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

/// A network with a head of each kind to which errors of one block alone belong.
std::vector<std::pair<std::string, testing::SmallJob>> jobs_of_heads() {
  const BlockSpec block{.channels = 5, .activation = Activation::tanh, .pool = 1, .bias = true, .conv = {}};
  std::vector<std::pair<std::string, testing::SmallJob>> jobs;
  for (const std::string& kind : HeadRegistry::instance().names()) {
    const HeadSetup setup{
        .map = {4, 4, 3}, .synapses = testing::reference_setup(), .index = 1, .block = 0, .maps = {{4, 4, 3}}};
    if (!HeadRegistry::instance().make(kind, {}, setup)->reads_blocks().empty()) continue;  // no error goes to them
    HeadSpec head{.features = 6, .bias = true};
    head.kind = kind;
    head.settings = small(HeadRegistry::instance().find(kind).fields);
    jobs.emplace_back(kind, job_of(block, head, "e2e"));
  }
  return jobs;
}

TEST(EveryHeadKind, LearnsTheDerivativeOfTheLoss) {
  for (const auto& [kind, job] : jobs_of_heads()) {
    Work work(job);
    expect_derivatives(work, kind);
  }
}

TEST(EveryHeadKind, LearnsTheSameOnTheCpu) {
  for (const auto& [kind, job] : jobs_of_heads()) expect_same_on_the_cpu(job, kind);
}

}  // namespace
}  // namespace biossl
