#include <gtest/gtest.h>

#include <cmath>

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
  Device device = GetParam();
  Tensor values = random_tensor({size}, DType::float32, device, 1);
  std::vector<double> expected = values_of(values);
};

TEST_P(OptimisersOn, AdamFollowsItsFormula) {
  Tensor m({size}, DType::float32, device);
  Tensor v({size}, DType::float32, device);
  std::vector<double> mean(size);
  std::vector<double> square(size);
  const double beta1 = 0.9;
  const double beta2 = 0.999;
  for (int step = 1; step <= steps; ++step) {
    const std::vector<double> update = update_at(step);
    ops::adam_step(tensor_of({size}, update, DType::float32, device), {}, 0.01, step, values, m, v);
    for (std::size_t i = 0; i < update.size(); ++i) {
      mean[i] = beta1 * mean[i] + (1 - beta1) * update[i];
      square[i] = beta2 * square[i] + (1 - beta2) * update[i] * update[i];
      const double corrected_mean = mean[i] / (1 - std::pow(beta1, step));
      const double corrected_square = square[i] / (1 - std::pow(beta2, step));
      expected[i] -= 0.01 * corrected_mean / (std::sqrt(corrected_square) + 1e-8);
    }
  }
  EXPECT_LT(relative_error(values_of(values), expected), 1e-6);
  EXPECT_LT(relative_error(values_of(m), mean), 1e-5);
  EXPECT_LT(relative_error(values_of(v), square), 2e-5);  // 1 - 0.999 in float32 is off by 1.3e-5
}

// With the same update every time, the corrected moments are the update and its square: each step has the length of
// the learning rate.
TEST_P(OptimisersOn, AdamStepsByTheLearningRate) {
  Tensor m({size}, DType::float32, device);
  Tensor v({size}, DType::float32, device);
  const std::vector<double> update = update_at(0);
  for (int step = 1; step <= steps; ++step) {
    ops::adam_step(tensor_of({size}, update, DType::float32, device), {}, 0.01, step, values, m, v);
  }
  for (std::size_t i = 0; i < update.size(); ++i) {
    expected[i] -= steps * 0.01 * update[i] / (std::abs(update[i]) + 1e-8);
  }
  EXPECT_LT(relative_error(values_of(values), expected), 1e-6);
}

TEST_P(OptimisersOn, AdamLeavesWhatGetsNoUpdate) {
  Tensor m({size}, DType::float32, device);
  Tensor v({size}, DType::float32, device);
  ops::adam_step(Tensor({size}, DType::float32, device), {}, 0.01, 1, values, m, v);
  EXPECT_EQ(values_of(values), expected);
}

TEST_P(OptimisersOn, SgdFollowsItsFormula) {
  for (const double momentum : {0.0, 0.9}) {
    Tensor velocity({size}, DType::float32, device);
    std::vector<double> speed(size);
    for (int step = 1; step <= steps; ++step) {
      const std::vector<double> update = update_at(step);
      ops::sgd_step(tensor_of({size}, update, DType::float32, device), momentum, 0.1, values, velocity);
      for (std::size_t i = 0; i < update.size(); ++i) {
        speed[i] = momentum * speed[i] + update[i];
        expected[i] -= 0.1 * speed[i];
      }
    }
    EXPECT_LT(relative_error(values_of(values), expected), 1e-6);
    EXPECT_LT(relative_error(values_of(velocity), speed), 1e-5);
  }
}

INSTANTIATE_TEST_SUITE_P(All, OptimisersOn, ::testing::ValuesIn(all_devices()), DeviceName());

}  // namespace
}  // namespace biossl
