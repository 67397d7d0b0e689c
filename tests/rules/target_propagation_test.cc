#include "biossl/rules/target_propagation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/borrowed_loss.h"
#include "tests/support/devices.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using testing::inner_product;
using testing::numeric_derivative;
using testing::random_tensor;
using testing::relative_error;
using testing::values_of;

/// Odd sizes, every kind of stage, small enough for the reference backend.
NetworkSpec small_network() {
  const auto block = [](std::int64_t channels, Activation activation, std::int64_t pool, bool bias) {
    return BlockSpec{.channels = channels, .activation = activation, .pool = pool, .bias = bias, .conv = {}};
  };
  NetworkSpec spec{.blocks = {block(5, Activation::hardtanh, 1, false), block(6, Activation::tanh, 2, true),
                              block(7, Activation::none, 1, true), block(9, Activation::relu, 1, false)},
                   .head = {.features = 10, .average_pool = 2, .activation = Activation::tanh, .bias = true}};
  spec.blocks[3].conv.stride = 2;
  return spec;
}

constexpr std::int64_t pairs = 3;
const Shape image{9, 11, 3};
const Settings all_negatives{{"negatives", std::string("all")}, {"block_gradient", false}, {"threshold", 3.0}};

/// A network, a loss and the rule, made alike on any device.
struct Job {
  SynapsesSetup setup;
  std::unique_ptr<Network> network;
  std::unique_ptr<Loss> loss;
  std::unique_ptr<LearningRule> learner;
  Tensor totals;

  Job(Device device, DType dtype, const Settings& loss_settings, const NetworkSpec& spec = small_network(),
      const Settings& rule_settings = {}, const std::string& kind = "dtp", const Shape& size = image) {
    setup.device = device;
    setup.dtype = dtype;
    setup.optimizer = OptimizerRegistry::instance().make("sgd", {});
    network = std::make_unique<Network>(spec, size, setup);
    const LossSetup shape{pairs, spec.head.features, setup.master_dtype(), device, 1};
    loss = LossRegistry::instance().make("contrastive_hinge", loss_settings, shape);
    const RuleSetup rule_setup{*network, testing::borrowed(*loss), pairs, 1, 1};
    learner = RuleRegistry::instance().make(kind, rule_settings, rule_setup);
    totals = Tensor({2}, DType::float64, device);
  }

  TargetPropagation& rule() { return dynamic_cast<TargetPropagation&>(*learner); }
  double step(const Tensor& images, double learning_rate = 0.0) {
    totals.fill_zero();
    learner->step(images, {.epoch = 0, .batch = 0, .learning_rate = learning_rate, .labels = {}}, totals);
    return values_of(totals)[0];
  }
  std::vector<Synapses*> synapses() {
    std::vector<Synapses*> all;
    for (int index = 0; index < network->depth(); ++index) all.push_back(&network->block(index).synapses());
    all.push_back(&network->head(network->depth() - 1).synapses());
    for (int index = 1; index < network->depth(); ++index) all.push_back(&rule().inverse(index).synapses());
    return all;
  }
};

Tensor images(std::int64_t count, DType dtype, Device device, const Shape& size = image) {
  return random_tensor({2 * count, size[0], size[1], size[2]}, dtype, device, 3);
}

std::vector<double> update_of(const Synapses& synapses) {
  std::vector<double> values = values_of(synapses.weight_update());
  if (synapses.bias_update().empty()) return values;
  const std::vector<double> bias = values_of(synapses.bias_update());
  values.insert(values.end(), bias.begin(), bias.end());
  return values;
}

const Settings still{{"inverse_learning_rate", 0.0}};

TEST(TargetPropagation, BlocksDescendTheirOwnLocalLoss) {
  Job job(Device::reference, DType::float64, all_negatives, small_network(), still);
  const Tensor batch = images(pairs, DType::float64, Device::reference);
  job.step(batch);
  for (int index = 0; index < job.network->depth(); ++index) {
    Block& block = job.network->block(index);
    const Tensor input = index == 0 ? batch : job.rule().activity(index - 1).clone();
    const std::vector<double> activity = values_of(job.rule().activity(index));
    const std::vector<double> difference = values_of(job.rule().target_difference(index));
    Activity now = block.make_activity(2 * pairs, DType::float64, Device::reference);
    const auto local_loss = [&] {
      block.forward(input, now, Mode::evaluation);
      double sum = 0;
      for (std::size_t i = 0; i < activity.size(); ++i) {
        const double target = activity[i] + difference[i];
        sum += std::pow(now.output.data<double>()[i] - target, 2) / static_cast<double>(activity.size());
      }
      return sum;
    };
    Tensor weights = block.synapses().weights().values();
    const std::vector<double> expected = numeric_derivative(weights, local_loss, 1e-7);
    EXPECT_LT(relative_error(values_of(block.synapses().weight_update()), expected), 1e-5) << "block " << index;
    if (block.synapses().bias().empty()) continue;
    Tensor bias = block.synapses().bias();
    EXPECT_LT(relative_error(values_of(block.synapses().bias_update()), numeric_derivative(bias, local_loss, 1e-7)),
              1e-5);
  }
}

TEST(TargetPropagation, TheHeadDescendsTheLossAndTheTopTargetGoesDownItsError) {
  Job job(Device::reference, DType::float64, all_negatives, small_network(), still);
  Job backpropagation(Device::reference, DType::float64, all_negatives, small_network(), {}, "e2e");
  const Tensor batch = images(pairs, DType::float64, Device::reference);
  EXPECT_EQ(job.step(batch), backpropagation.step(batch));
  EXPECT_EQ(update_of(job.network->head(3).synapses()), update_of(backpropagation.network->head(3).synapses()));
  // The derivative of the loss by the last block's output, along a random direction.
  Tensor activity = job.rule().activity(3).clone();
  const Tensor direction = random_tensor(activity.shape(), DType::float64, Device::reference, 7);
  Tensor embeddings({2 * pairs, 10}, DType::float64, Device::reference);
  Tensor errors = embeddings.clone();
  const auto loss_at = [&](double distance) {
    Tensor moved = activity.clone();
    for (std::int64_t i = 0; i < moved.size(); ++i) moved.data<double>()[i] += distance * direction.data<double>()[i];
    job.network->head(3).forward(moved, embeddings);
    job.totals.fill_zero();
    job.loss->evaluate(embeddings, {}, errors, job.totals);
    return job.totals.data<double>()[0];
  };
  const double slope = (loss_at(1e-6) - loss_at(-1e-6)) / 2e-6;
  EXPECT_NEAR(inner_product(job.rule().target_difference(3), direction), -0.5 * slope, 1e-5 * std::abs(slope));
}

class TargetPropagationOn : public ::testing::TestWithParam<Device> {};

TEST_P(TargetPropagationOn, EqualsReference) {
  for (const DType dtype : testing::computed_types(GetParam())) {
    for (const std::int64_t count : {pairs, std::int64_t{2}}) {  // a full batch and a short last one
      Job reference(Device::reference, dtype, all_negatives, small_network(), still);
      Job job(GetParam(), dtype, all_negatives, small_network(), still);
      const double expected = reference.step(images(count, dtype, Device::reference));
      const double loss = job.step(images(count, dtype, GetParam()));
      const bool wide = dtype == DType::float32;
      EXPECT_NEAR(loss / expected, 1.0, wide ? 1e-5 : 2e-2);
      const auto ours = job.synapses();
      const auto theirs = reference.synapses();
      // The loss's error is a sum of signs: where rounding turns one, an update jumps, so bfloat16 can only be near.
      for (std::size_t i = 0; i < ours.size(); ++i) {
        EXPECT_LT(relative_error(update_of(*ours[i]), update_of(*theirs[i])), wide ? 1e-4 : 0.2)
            << name_of(dtype) << " synapses " << i;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, TargetPropagationOn, ::testing::ValuesIn(testing::compared_devices()),
                         testing::DeviceName());

// A lone block with the same weights, given input, activity and target, makes the very same update: there is nothing
// else that it could depend on.
TEST(TargetPropagation, AUpdateNeedsABlocksInputActivityAndTargetOnly) {
  Job job(Device::cpu, DType::float32, all_negatives);
  Job same(Device::cpu, DType::float32, all_negatives);  // its blocks' weights are those before the step
  const Tensor batch = images(pairs, DType::float32, Device::cpu);
  job.step(batch, 1e-2);
  for (int index = 0; index < job.network->depth(); ++index) {
    Block& alone = same.network->block(index);
    Activity activity = alone.make_activity(2 * pairs, DType::float32, Device::cpu);
    const Tensor input = index == 0 ? batch : job.rule().activity(index - 1);
    alone.forward(input, activity, Mode::evaluation);
    EXPECT_EQ(values_of(activity.output), values_of(job.rule().activity(index)));
    Tensor error = job.rule().target_difference(index).clone();
    const float factor = static_cast<float>(-2.0 / static_cast<double>(error.size()));
    for (float& value : error.span<float>()) value *= factor;
    BlockStep step{.input = input, .activity = activity, .error = error, .scratch = {}};
    step.scratch = Tensor({2 * pairs * alone.plan().backward_scratch}, DType::float32, Device::cpu);
    Tensor goes_no_further;
    alone.backward(step, goes_no_further);
    alone.learn(step, 1e-2);
    EXPECT_EQ(update_of(alone.synapses()), update_of(job.network->block(index).synapses())) << "block " << index;
  }
}

TEST(TargetPropagation, EverySynapsesTakesOneStepAStep) {
  Job job(Device::cpu, DType::float32, all_negatives);
  for (int step = 1; step <= 2; ++step) {
    job.step(images(pairs, DType::float32, Device::cpu), 1e-3);
    for (const Synapses* synapses : job.synapses()) EXPECT_EQ(synapses->steps(), step);
  }
}

// Other weights in the inverse of block 2 change the target of block 1 and what lies below, and that inverse's own
// update; nothing above, and no other inverse.
TEST(TargetPropagation, AnInverseMattersToTheBlocksBelowItOnly) {
  Job job(Device::cpu, DType::float32, all_negatives);
  Job other(Device::cpu, DType::float32, all_negatives);
  Tensor weights = other.rule().inverse(2).synapses().weights().values();
  for (float& weight : weights.span<float>()) weight *= -0.5F;
  other.rule().inverse(2).synapses().restored();
  const Tensor batch = images(pairs, DType::float32, Device::cpu);
  job.step(batch);
  other.step(batch);
  const auto ours = job.synapses();
  const auto theirs = other.synapses();
  const std::vector<bool> changes{true, true, false, false, /*head*/ false, /*inverses*/ false, true, false};
  ASSERT_EQ(ours.size(), changes.size());
  for (std::size_t i = 0; i < ours.size(); ++i) {
    EXPECT_EQ(update_of(*ours[i]) != update_of(*theirs[i]), changes[i]) << "synapses " << i;
  }
}

TEST(TargetPropagation, GradientBlockLeavesTheMemoryWithoutAnyInfluenceButThroughTheLoss) {
  // As for backpropagation: with one pair, view 0 enters only through the sign of b - a.
  Job job(Device::reference, DType::float64, {{"recent", std::int64_t{1}}, {"threshold", 1.0}}, small_network(), still);
  Tensor batch = images(1, DType::float64, Device::reference);
  const auto updates = [&] {
    job.step(batch);
    std::vector<std::vector<double>> all;
    for (const Synapses* synapses : job.synapses()) all.push_back(update_of(*synapses));
    return all;
  };
  const auto before = updates();
  EXPECT_EQ(job.rule().target_difference(0).extent(0), 1);
  const Tensor first = batch.rows(0, 1);
  for (double& pixel : first.span<double>()) pixel *= 1.0001;
  EXPECT_EQ(before, updates());
  for (const auto& update : before) EXPECT_NE(update, std::vector<double>(update.size(), 0.0));
}

TEST(TargetPropagation, LossFallsOnABatchLearntOverAndOver) {
  NetworkSpec spec = small_network();
  for (const Device device : testing::all_devices()) {
    if (testing::is_simulated(device)) continue;  // would take too long
    Job job(device, DType::float32, all_negatives, spec);
    const Tensor batch = images(pairs, DType::float32, device);
    const double first = job.step(batch, 1e-2);
    double last = first;
    for (int step = 0; step < 40; ++step) last = job.step(batch, 1e-2);
    EXPECT_LT(last, 0.9 * first) << name_of(device);
  }
}

TEST(TargetPropagation, AStateWrittenFromOutsideIsTakenUp) {
  Job job(Device::cpu, DType::float32, all_negatives);
  Job other(Device::cpu, DType::float32, all_negatives);
  job.step(images(pairs, DType::float32, Device::cpu), 1e-2);
  for (int step = 0; step < 3; ++step) other.step(images(2, DType::float32, Device::cpu), 1e-2);
  const auto copy_state = [](const State& from, const State& to) {
    ASSERT_EQ(from.size(), to.size());
    for (std::size_t i = 0; i < from.size(); ++i) {
      ASSERT_EQ(from[i].name, to[i].name);
      Tensor target = to[i].tensor;
      copy(from[i].tensor, target);
    }
  };
  copy_state(job.network->state(true), other.network->state(true));
  copy_state(job.learner->state(), other.learner->state());
  other.network->restored();
  other.learner->restored();
  const Tensor batch = images(pairs, DType::float32, Device::cpu);
  EXPECT_EQ(job.step(batch, 1e-2), other.step(batch, 1e-2));
  const auto ours = job.synapses();
  const auto theirs = other.synapses();
  for (std::size_t i = 0; i < ours.size(); ++i) EXPECT_EQ(update_of(*ours[i]), update_of(*theirs[i])) << i;
}

/// A chain of linear blocks whose weights, but for the first's, are orthogonal maps of the channels.
NetworkSpec linear_chain() {
  const BlockSpec block{.channels = 4, .activation = Activation::none, .pool = 1, .bias = false, .conv = {}};
  return {.blocks = {block, block, block, block}, .head = {}};
}

/// A product of two reflections, at the kernel's centre.
void make_orthogonal(Synapses& synapses, std::uint32_t seed) {
  const auto a = values_of(random_tensor({4}, DType::float64, Device::reference, seed));
  const auto b = values_of(random_tensor({4}, DType::float64, Device::reference, seed + 100));
  const auto reflection = [](const std::vector<double>& v, std::size_t i, std::size_t j) {
    double square = 0;
    for (const double x : v) square += x * x;
    return (i == j ? 1.0 : 0.0) - 2.0 * v[i] * v[j] / square;
  };
  Tensor weights = synapses.weights().values();
  weights.fill_zero();
  for (std::size_t o = 0; o < 4; ++o) {
    for (std::size_t c = 0; c < 4; ++c) {
      double sum = 0;
      for (std::size_t k = 0; k < 4; ++k) sum += reflection(a, o, k) * reflection(b, k, c);
      weights.data<double>()[(o * 9 + 4) * 4 + c] = sum;
    }
  }
  synapses.restored();
}

/// The blocks' updates by a rule on the linear chain with exact inverses, one after the other; `spread` is the size of
/// the images.
std::vector<double> chain_updates(const std::string& kind, const Settings& settings, float spread) {
  const Shape size{5, 6, 3};
  Job job(Device::reference, DType::float64, all_negatives, linear_chain(), settings, kind, size);
  for (int index = 1; index < 4; ++index) {
    Synapses& block = job.network->block(index).synapses();
    make_orthogonal(block, static_cast<std::uint32_t>(index));
    if (kind != "dtp") continue;
    Synapses& inverse = job.rule().inverse(index).synapses();  // its adjoint's weights are the map's own
    Tensor weights = inverse.weights().values();
    copy(block.weights().values(), weights);
    Tensor bias = inverse.bias();
    bias.fill_zero();
    inverse.restored();
    Tensor there({1, 5, 6, 4}, DType::float64, Device::reference);
    Tensor back = there.clone();
    const Tensor input = random_tensor(there.shape(), DType::float64, Device::reference, 9, 1e-3F);
    block.forward(input, Activation::none, there);
    job.rule().inverse(index).forward(there, back);
    EXPECT_LT(relative_error(back, input), 1e-5) << "the inverse of block " << index << " is exact";
  }
  job.step(random_tensor({2 * pairs, 5, 6, 3}, DType::float64, Device::reference, 3, spread));
  std::vector<double> all;
  for (int index = 0; index < 4; ++index) {
    const std::vector<double> update = update_of(job.network->block(index).synapses());
    all.insert(all.end(), update.begin(), update.end());
  }
  return all;
}

double cosine(const std::vector<double>& a, const std::vector<double>& b) {
  double product = 0;
  double squares_a = 0;
  double squares_b = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    product += a[i] * b[i];
    squares_a += a[i] * a[i];
    squares_b += b[i] * b[i];
  }
  return product / std::sqrt(squares_a * squares_b);
}

TEST(TargetPropagation, WithExactInversesAndSmallEtaItsDirectionIsBackpropagations) {
  const Settings linear{{"eta", 1e-4}, {"inverse_activation", std::string("none")}, {"inverse_learning_rate", 0.0}};
  EXPECT_GT(cosine(chain_updates("dtp", linear, 1.0F), chain_updates("e2e", {}, 1.0F)), 1.0 - 1e-9);
  // tanh is the identity where activity is small, and then the published inverses are as exact.
  const Settings published{{"eta", 1e-4}, {"inverse_learning_rate", 0.0}};
  EXPECT_GT(cosine(chain_updates("dtp", published, 0.1F), chain_updates("e2e", {}, 0.1F)), 0.99);
  // And where it is large, they are not: the test can tell.
  EXPECT_LT(cosine(chain_updates("dtp", published, 10.0F), chain_updates("e2e", {}, 10.0F)), 0.99);
}

TEST(TargetPropagation, OneBlockHasTheHeadsTargetAlone) {
  NetworkSpec spec = small_network();
  spec.blocks.resize(1);
  spec.head.average_pool = 3;
  for (const Device device : testing::all_devices()) {
    Job job(device, DType::float32, all_negatives, spec);
    EXPECT_TRUE(job.learner->state().empty());
    job.step(images(pairs, DType::float32, device), 1e-3);
    Job backpropagation(device, DType::float32, all_negatives, spec, {}, "e2e");
    backpropagation.step(images(pairs, DType::float32, device), 1e-3);
    std::vector<double> expected = update_of(backpropagation.network->block(0).synapses());
    for (double& value : expected) value *= 2 * 0.5 / static_cast<double>(job.rule().target_difference(0).size());
    EXPECT_LT(relative_error(update_of(job.network->block(0).synapses()), expected), 1e-5);
  }
}

TEST(TargetPropagation, RefusesWhatCannotWork) {
  const auto make = [](const Settings& settings, const Shape& size = image) {
    Job(Device::reference, DType::float32, all_negatives, small_network(), settings, "dtp", size);
  };
  const auto says = [](const char* message) {
    return ::testing::ThrowsMessage<std::invalid_argument>(::testing::HasSubstr(message));
  };
  EXPECT_THAT([&] { make({{"eta", 0.0}}); }, says("[dtp] eta = 0 must be positive"));
  EXPECT_THAT([&] { make({{"noise", -1.0}}); }, says("[dtp] noise = -1 may not be negative"));
  EXPECT_THAT([&] { make({{"inverse_learning_rate", -1.0}}); }, says("inverse_learning_rate = -1"));
  EXPECT_THAT([&] { make({{"inverse_activation", std::string("tan")}}); }, says("tanh"));
  EXPECT_THAT([&] { make({{"sigma", 1.0}}); }, says("sigma"));
  EXPECT_THAT([&] { make({}, {9, 10, 3}); }, says("[dtp] block 1 takes maps of 9x10 to 4x5"));
}

}  // namespace
}  // namespace biossl
