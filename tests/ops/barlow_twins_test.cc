#include <gtest/gtest.h>

#include "biossl/ops/ops.h"
#include "tests/support/devices.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using namespace biossl::testing;

struct TwinsCase {
  const char* name;
  std::int64_t batch;
  std::int64_t features;
  double lambda;
};

/// The loss of two views that are somewhat alike.
struct EvaluatedTwins {
  Tensor a, b, scratch, d_a, d_b, totals;
  double lambda;

  EvaluatedTwins(const TwinsCase& each, DType dtype, Device device) : lambda(each.lambda) {
    const Shape shape{each.batch, each.features};
    const std::vector<double> memory = values_of(random_tensor(shape, DType::float64, Device::reference, 1));
    std::vector<double> current = values_of(random_tensor(shape, DType::float64, Device::reference, 2));
    for (std::size_t i = 0; i < memory.size(); ++i) current[i] = 0.8 * memory[i] + 0.6 * current[i];
    a = tensor_of(shape, memory, dtype, device);
    b = tensor_of(shape, current, dtype, device);
    scratch = poisoned({each.features, each.features}, dtype, device);
    d_a = poisoned(shape, dtype, device);
    d_b = poisoned(shape, dtype, device);
    evaluate();
  }

  double evaluate() {
    totals = tensor_of({2}, {100, 200}, DType::float64, a.device());
    ops::barlow_twins(a, b, lambda, scratch, d_a, d_b, totals);
    return values_of(totals)[0] - 100;
  }
};

class BarlowTwinsOn : public ::testing::TestWithParam<OnDevice<TwinsCase>> {};

TEST_P(BarlowTwinsOn, EqualsReference) {
  const auto& [each, dtype, device] = GetParam();
  EvaluatedTwins ours(each, dtype, device);
  EvaluatedTwins reference(each, dtype, Device::reference);
  EXPECT_LT(relative_error(ours.d_a, reference.d_a), tolerance(dtype));
  EXPECT_LT(relative_error(ours.d_b, reference.d_b), tolerance(dtype));
  const double loss = reference.evaluate();
  EXPECT_NEAR(ours.evaluate(), loss, tolerance(dtype) * loss);
  EXPECT_EQ(values_of(ours.totals)[1], values_of(reference.totals)[1]);
}

INSTANTIATE_TEST_SUITE_P(
    All, BarlowTwinsOn,
    ::testing::Combine(::testing::Values(TwinsCase{"embeddings", 25, 64, 0.0051}, TwinsCase{"odd", 7, 37, 0.5},
                                         TwinsCase{"one_feature", 9, 1, 1.0}, TwinsCase{"one_pair", 1, 16, 0.1},
                                         TwinsCase{"alike_only", 11, 20, 0.0}),
                       ::testing::Values(DType::float32), ::testing::ValuesIn(compared_devices())),
    OnDeviceName());

TEST(BarlowTwins, DerivativesAreRight) {
  EvaluatedTwins twins({"", 5, 4, 0.3}, DType::float64, Device::reference);
  const std::vector<double> by_a = numeric_derivative(twins.a, [&] { return twins.evaluate(); });
  const std::vector<double> by_b = numeric_derivative(twins.b, [&] { return twins.evaluate(); });
  twins.evaluate();
  EXPECT_LT(relative_error(values_of(twins.d_a), by_a), 1e-8);
  EXPECT_LT(relative_error(values_of(twins.d_b), by_b), 1e-8);
}

class BarlowTwinsDevice : public ::testing::TestWithParam<Device> {};

// C = a^T b / 2 = [[1, 2], [0, 1/2]]: nothing of the first diagonal, 1/4 of the second, lambda 4 of the others.
TEST_P(BarlowTwinsDevice, SmallExample) {
  const Tensor a = tensor_of({2, 2}, {2, 0, 0, 1}, DType::float32, GetParam());
  const Tensor b = tensor_of({2, 2}, {1, 2, 0, 1}, DType::float32, GetParam());
  Tensor scratch = poisoned({2, 2}, DType::float32, GetParam());
  Tensor d_a = poisoned({2, 2}, DType::float32, GetParam());
  Tensor d_b = poisoned({2, 2}, DType::float32, GetParam());
  Tensor totals = tensor_of({2}, {0, 0}, DType::float64, GetParam());
  ops::barlow_twins(a, b, 0.25, scratch, d_a, d_b, totals);
  EXPECT_EQ(values_of(totals), (std::vector<double>{1.25, 2}));
  // By C: [[0, 1], [0, -1]]; d_a = b (dC)^T / 2, d_b = a dC / 2.
  EXPECT_EQ(values_of(d_a), (std::vector<double>{1, -1, 0.5, -0.5}));
  EXPECT_EQ(values_of(d_b), (std::vector<double>{0, 1, 0, -0.5}));
}

INSTANTIATE_TEST_SUITE_P(All, BarlowTwinsDevice, ::testing::ValuesIn(all_devices()), DeviceName());

}  // namespace
}  // namespace biossl
