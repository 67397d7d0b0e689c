#include <gtest/gtest.h>

#include "biossl/ops/ops.h"
#include "tests/support/devices.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using namespace biossl::testing;

struct ClappCase {
  const char* name;
  std::int64_t batch;
  std::int64_t features;
  float spread;
};

/// Two rows share the negative 0, some rows have the one before them, and the last has none.
std::vector<std::int32_t> negatives_of(std::int64_t batch) {
  std::vector<std::int32_t> negatives;
  for (std::int32_t i = 0; i < batch; ++i) negatives.push_back(i % 3 == 0 ? (i == 0 ? 1 : i - 1) : 0);
  negatives.back() = static_cast<std::int32_t>(batch - 1);
  return negatives;
}

/// The loss of predictions of which every other is like its target, so that every term is met active and inactive.
struct EvaluatedClapp {
  Tensor predictions, targets, negatives, d_predictions, d_targets, totals;

  EvaluatedClapp(const ClappCase& each, DType dtype, Device device) {
    const Shape shape{each.batch, each.features};
    const std::vector<double> target = values_of(random_tensor(shape, DType::float32, Device::cpu, 1, each.spread));
    std::vector<double> prediction = values_of(random_tensor(shape, DType::float32, Device::cpu, 2, each.spread));
    for (std::size_t i = 0; i < target.size(); ++i) {
      if (i / static_cast<std::size_t>(each.features) % 2 == 0) prediction[i] += target[i];
    }
    predictions = tensor_of(shape, prediction, dtype, device);
    targets = tensor_of(shape, target, dtype, device);
    negatives = indices_of(negatives_of(each.batch), device);
    d_predictions = poisoned(shape, dtype, device);
    d_targets = poisoned(shape, dtype, device);
    evaluate();
  }

  double evaluate() {
    totals = tensor_of({2}, {100, 200}, DType::float64, predictions.device());
    ops::clapp_hinge(predictions, targets, negatives, d_predictions, d_targets, totals);
    return values_of(totals)[0] - 100;
  }
};

class ClappOn : public ::testing::TestWithParam<OnDevice<ClappCase>> {};

TEST_P(ClappOn, EqualsReference) {
  const auto& [each, dtype, device] = GetParam();
  EvaluatedClapp ours(each, dtype, device);
  EvaluatedClapp reference(each, dtype, Device::reference);
  EXPECT_LT(relative_error(ours.d_predictions, reference.d_predictions), tolerance(dtype));
  EXPECT_LT(relative_error(ours.d_targets, reference.d_targets), tolerance(dtype));
  const double loss = reference.evaluate();
  EXPECT_NEAR(ours.evaluate(), loss, tolerance(dtype) * loss);
  EXPECT_EQ(values_of(ours.totals)[1], values_of(reference.totals)[1]);
}

INSTANTIATE_TEST_SUITE_P(
    All, ClappOn,
    ::testing::Combine(::testing::Values(ClappCase{"near_the_hinge", 24, 64, 0.1F}, ClappCase{"far", 25, 64, 1.0F},
                                         ClappCase{"odd", 7, 37, 0.2F}, ClappCase{"a_blocks_map", 9, 8192, 0.01F},
                                         ClappCase{"two_pairs", 2, 16, 0.2F}, ClappCase{"one_pair", 1, 16, 0.2F}),
                       ::testing::Values(DType::float32), ::testing::ValuesIn(compared_devices())),
    OnDeviceName());

TEST(ClappHinge, DerivativesAreRight) {
  for (const float spread : {0.3F, 1.0F}) {
    EvaluatedClapp evaluated({"", 7, 6, spread}, DType::float64, Device::reference);
    const std::vector<double> by_predictions = numeric_derivative(
        evaluated.predictions, [&] { return evaluated.evaluate(); }, 1e-5);
    const std::vector<double> by_targets = numeric_derivative(
        evaluated.targets, [&] { return evaluated.evaluate(); }, 1e-5);
    evaluated.evaluate();
    EXPECT_LT(relative_error(values_of(evaluated.d_predictions), by_predictions), 1e-7);
    EXPECT_LT(relative_error(values_of(evaluated.d_targets), by_targets), 1e-7);
  }
}

class ClappDevice : public ::testing::TestWithParam<Device> {};

// s(0,0) = 1 sits on its hinge: slack, as is s(1,2) = -1. s(1,1) = 0, s(0,2) = 1, s(2,2) = 2; 2 has no negative.
TEST_P(ClappDevice, SmallExampleWithTies) {
  const Tensor predictions = tensor_of({3, 2}, {1, 0, -1, 0, 2, 0}, DType::float32, GetParam());
  const Tensor targets = tensor_of({3, 2}, {1, 5, 0, 1, 1, 2}, DType::float32, GetParam());
  Tensor d_predictions = poisoned({3, 2}, DType::float32, GetParam());
  Tensor d_targets = poisoned({3, 2}, DType::float32, GetParam());
  Tensor totals = tensor_of({2}, {0, 0}, DType::float64, GetParam());
  ops::clapp_hinge(predictions, targets, indices_of({2, 2, 2}, GetParam()), d_predictions, d_targets, totals);
  EXPECT_NEAR(values_of(totals)[0], (1.0 + 2.0) / 3, 1e-6);
  EXPECT_EQ(values_of(totals)[1], 2);
  EXPECT_LT(relative_error(values_of(d_predictions), {1.0 / 3, 2.0 / 3, 0, -1.0 / 3, 0, 0}), 1e-6);
  EXPECT_LT(relative_error(values_of(d_targets), {0, 0, 1.0 / 3, 0, 1.0 / 3, 0}), 1e-6);
}

INSTANTIATE_TEST_SUITE_P(All, ClappDevice, ::testing::ValuesIn(all_devices()), DeviceName());

}  // namespace
}  // namespace biossl
