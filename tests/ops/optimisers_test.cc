#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "biossl/ops/ops.h"
#include "tests/support/devices.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using namespace biossl::testing;

constexpr std::int64_t size = 1037;  // no multiple of a vector or of a thread's share
constexpr int steps = 5;

std::vector<double> update_at(int step) {
  return values_of(random_tensor({size}, DType::float32, Device::cpu, static_cast<std::uint32_t>(10 + step), 0.1F));
}

class OptimisersOn : public ::testing::TestWithParam<Device> {
 protected:
  ParameterStep parameters(std::int64_t count, std::size_t tensors_of_state, std::uint32_t stream = 1) const {
    ParameterStep step{.update = Tensor({count}, DType::float32, device),
                       .values = random_tensor({count}, DType::float32, device, stream),
                       .state = std::vector<Tensor>(tensors_of_state)};
    for (Tensor& tensor : step.state) tensor = Tensor({count}, DType::float32, device);
    return step;
  }
  void take_adam(ParameterStep& step, const std::vector<double>& update) const {
    step.update = tensor_of({size}, update, DType::float32, device);
    ++step.number;
    ParameterStep* const alone[] = {&step};
    ops::adam_step({}, alone);
  }

  Device device = GetParam();
};

TEST_P(OptimisersOn, AdamFollowsItsFormula) {
  ParameterStep step = parameters(size, 2);
  step.learning_rate = 0.01;
  std::vector<double> expected = values_of(step.values);
  std::vector<double> mean(size);
  std::vector<double> square(size);
  const double beta1 = 0.9;
  const double beta2 = 0.999;
  for (int number = 1; number <= steps; ++number) {
    const std::vector<double> update = update_at(number);
    take_adam(step, update);
    for (std::size_t i = 0; i < update.size(); ++i) {
      mean[i] = beta1 * mean[i] + (1 - beta1) * update[i];
      square[i] = beta2 * square[i] + (1 - beta2) * update[i] * update[i];
      const double corrected_mean = mean[i] / (1 - std::pow(beta1, number));
      const double corrected_square = square[i] / (1 - std::pow(beta2, number));
      expected[i] -= 0.01 * corrected_mean / (std::sqrt(corrected_square) + 1e-8);
    }
  }
  EXPECT_LT(relative_error(values_of(step.values), expected), 1e-6);
  EXPECT_LT(relative_error(values_of(step.state[0]), mean), 1e-5);
  EXPECT_LT(relative_error(values_of(step.state[1]), square), 2e-5);  // 1 - 0.999 in float32 is off by 1.3e-5
}

// With the same update every time, the corrected moments are the update and its square: each step has the length of
// the learning rate.
TEST_P(OptimisersOn, AdamStepsByTheLearningRate) {
  ParameterStep step = parameters(size, 2);
  step.learning_rate = 0.01;
  std::vector<double> expected = values_of(step.values);
  const std::vector<double> update = update_at(0);
  for (int number = 1; number <= steps; ++number) take_adam(step, update);
  for (std::size_t i = 0; i < update.size(); ++i) {
    expected[i] -= steps * 0.01 * update[i] / (std::abs(update[i]) + 1e-8);
  }
  EXPECT_LT(relative_error(values_of(step.values), expected), 1e-6);
}

TEST_P(OptimisersOn, AdamLeavesWhatGetsNoUpdate) {
  ParameterStep step = parameters(size, 2);
  step.learning_rate = 0.01;
  const std::vector<double> before = values_of(step.values);
  take_adam(step, std::vector<double>(size));
  EXPECT_EQ(values_of(step.values), before);
}

TEST_P(OptimisersOn, SgdFollowsItsFormula) {
  for (const double momentum : {0.0, 0.9}) {
    ParameterStep step = parameters(size, 1);
    step.learning_rate = 0.1;
    ParameterStep* const alone[] = {&step};
    std::vector<double> expected = values_of(step.values);
    std::vector<double> speed(size);
    for (int number = 1; number <= steps; ++number) {
      const std::vector<double> update = update_at(number);
      step.update = tensor_of({size}, update, DType::float32, device);
      ++step.number;
      ops::sgd_step({.momentum = momentum}, alone);
      for (std::size_t i = 0; i < update.size(); ++i) {
        speed[i] = momentum * speed[i] + update[i];
        expected[i] -= 0.1 * speed[i];
      }
    }
    EXPECT_LT(relative_error(values_of(step.values), expected), 1e-6);
    EXPECT_LT(relative_error(values_of(step.state[0]), speed), 1e-5);
  }
}

// A value loses decay + learning_rate * weight_decay of itself, of which the increment does not know.
TEST_P(OptimisersOn, DecayIsDecoupled) {
  const auto adam = [](double decay, std::span<ParameterStep* const> of) {
    ops::adam_step({.weight_decay = decay}, of);
  };
  const auto sgd = [](double decay, std::span<ParameterStep* const> of) { ops::sgd_step({.weight_decay = decay}, of); };
  const std::vector<std::pair<std::size_t, std::function<void(double, std::span<ParameterStep* const>)>>> optimisers{
      {2, adam}, {1, sgd}};
  for (const auto& [state, take] : optimisers) {
    ParameterStep plain = parameters(size, state);
    ParameterStep decayed = parameters(size, state);
    plain.learning_rate = decayed.learning_rate = 0.1;
    plain.number = decayed.number = 1;
    plain.update = decayed.update = tensor_of({size}, update_at(1), DType::float32, device);
    decayed.decay = 0.01;
    if (device != Device::cuda) {
      plain.increment = plain.update.clone();
      decayed.increment = plain.update.clone();
    }
    const std::vector<double> before = values_of(plain.values);
    ParameterStep* const first[] = {&plain};
    ParameterStep* const second[] = {&decayed};
    take(0, first);
    take(0.3, second);
    std::vector<double> expected = values_of(plain.values);
    for (std::size_t i = 0; i < expected.size(); ++i) expected[i] -= (0.01 + 0.1 * 0.3) * before[i];
    EXPECT_LT(relative_error(values_of(decayed.values), expected), 1e-6);
    if (device != Device::cuda) {
      EXPECT_EQ(values_of(decayed.increment), values_of(plain.increment));
    }
  }
}

// 1 - 2e-8 is 1 in float32, so a share that is kept would lose such a decay. Below 1 the numbers are 6e-8 apart: the
// increment alone moves a value by one of them, with the decay by two.
TEST_P(OptimisersOn, ASmallDecayIsNotRoundedAway) {
  ParameterStep step = parameters(size, 1);
  step.values = tensor_of({size}, std::vector<double>(size, 1.0), DType::float32, device);
  step.update = tensor_of({size}, std::vector<double>(size, 8e-4), DType::float32, device);
  step.learning_rate = 1e-4;
  step.number = 1;
  ParameterStep* const alone[] = {&step};
  ops::sgd_step({.momentum = 0, .weight_decay = 2e-4}, alone);
  EXPECT_EQ(values_of(step.values), std::vector<double>(size, 1.0 - std::ldexp(1.0, -23)));
}

// More layers than a GPU changes in one launch, each with its own size, rate and number of steps; one is empty.
TEST_P(OptimisersOn, LayersTogetherChangeAsEachAlone) {
  const auto layers = [&](std::size_t tensors_of_state) {
    std::vector<ParameterStep> all;
    for (std::uint32_t i = 0; i < 27; ++i) {
      ParameterStep step = parameters(i == 5 ? 0 : 1 + 37 * i % 101, tensors_of_state, i);
      step.update = random_tensor(step.values.shape(), DType::float32, device, 100 + i);
      step.learning_rate = 0.01 * (i + 1);
      step.number = i + 1;
      all.push_back(step);
    }
    return all;
  };
  const auto adam = [](std::span<ParameterStep* const> of) { ops::adam_step({}, of); };
  const auto sgd = [](std::span<ParameterStep* const> of) { ops::sgd_step({}, of); };
  const std::vector<std::pair<std::size_t, std::function<void(std::span<ParameterStep* const>)>>> optimisers{{2, adam},
                                                                                                             {1, sgd}};
  for (const auto& [state, take] : optimisers) {
    std::vector<ParameterStep> together = layers(state);
    std::vector<ParameterStep> alone = layers(state);
    std::vector<ParameterStep*> all;
    for (ParameterStep& step : together) all.push_back(&step);
    take(all);
    for (std::size_t i = 0; i < alone.size(); ++i) {
      ParameterStep* const one[] = {&alone[i]};
      take(one);
      EXPECT_EQ(values_of(together[i].values), values_of(alone[i].values)) << i;
      for (std::size_t k = 0; k < state; ++k) {
        EXPECT_EQ(values_of(together[i].state[k]), values_of(alone[i].state[k])) << i;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, OptimisersOn, ::testing::ValuesIn(all_devices()), DeviceName());

}  // namespace
}  // namespace biossl
