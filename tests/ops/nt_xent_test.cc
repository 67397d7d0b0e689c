#include <gtest/gtest.h>

#include <cmath>

#include "biossl/ops/ops.h"
#include "tests/support/devices.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using namespace biossl::testing;

struct XentCase {
  const char* name;
  std::int64_t pairs;
  std::int64_t features;
  double temperature;
  float likeness;  ///< how far partners are from each other, in lengths
};

/// Rows of length 1: partners alike, and rows 1 and 2 (of other images) the same, so that there are ties.
Tensor unit_rows(const XentCase& each, DType dtype, Device device) {
  const Shape half{each.pairs, each.features};
  const std::vector<double> memory = values_of(random_tensor(half, DType::float64, Device::reference, 1));
  const std::vector<double> noise = values_of(random_tensor(half, DType::float64, Device::reference, 2, each.likeness));
  std::vector<double> both = memory;
  for (std::size_t i = 0; i < memory.size(); ++i) both.push_back(memory[i] + noise[i]);
  const auto features = static_cast<std::size_t>(each.features);
  if (each.pairs > 2)
    std::copy_n(both.begin() + static_cast<std::ptrdiff_t>(features), features,
                both.begin() + static_cast<std::ptrdiff_t>(2 * features));
  for (std::size_t first = 0; first < both.size(); first += features) {
    double length = 0;
    for (std::size_t k = 0; k < features; ++k) length += both[first + k] * both[first + k];
    for (std::size_t k = 0; k < features; ++k) both[first + k] /= std::sqrt(length);
  }
  return tensor_of({2 * each.pairs, each.features}, both, dtype, device);
}

struct EvaluatedXent {
  Tensor d_unit, totals;

  EvaluatedXent(const Tensor& unit, double temperature)
      : d_unit(poisoned(unit.shape(), unit.dtype(), unit.device())),
        totals(tensor_of({2}, {100, 200}, DType::float64, unit.device())) {
    Tensor scratch = poisoned({unit.extent(0), unit.extent(0)}, unit.dtype(), unit.device());
    ops::nt_xent(unit, temperature, scratch, d_unit, totals);
  }
  double loss() const { return values_of(totals)[0] - 100; }
};

const std::vector<XentCase> nt_xent_cases = {{"simclr", 24, 64, 0.1, 0.5F},       {"odd", 13, 37, 0.5, 1.0F},
                                             {"one_feature", 5, 1, 1.0, 1.0F},    {"two_pairs", 2, 64, 0.1, 0.3F},
                                             {"sharp", 9, 16, 0.01, 0.5F},        {"flat", 9, 16, 100.0, 0.5F},
                                             {"nearly_solved", 30, 64, 0.1, 0.1F}};

class NtXentOn : public ::testing::TestWithParam<OnDevice<XentCase>> {};

TEST_P(NtXentOn, EqualsReference) {
  const auto& [each, dtype, device] = GetParam();
  const EvaluatedXent ours(unit_rows(each, dtype, device), each.temperature);
  const EvaluatedXent reference(unit_rows(each, dtype, Device::reference), each.temperature);
  // A similarity's rounding counts 1 / temperature times in the exponent.
  const double bound = tolerance(dtype) * std::max(1.0, 0.1 / each.temperature);
  EXPECT_LT(relative_error(ours.d_unit, reference.d_unit), bound);
  EXPECT_NEAR(ours.loss(), reference.loss(), bound * reference.loss());
  EXPECT_EQ(values_of(ours.totals)[1], values_of(reference.totals)[1]);
}

INSTANTIATE_TEST_SUITE_P(All, NtXentOn,
                         ::testing::Combine(::testing::ValuesIn(nt_xent_cases), ::testing::Values(DType::float32),
                                            ::testing::ValuesIn(compared_devices())),
                         OnDeviceName());

TEST(NtXent, DerivativeIsRight) {
  for (const XentCase& each : {XentCase{"", 4, 5, 0.1, 0.5F}, XentCase{"", 3, 2, 0.5, 1.0F}}) {
    Tensor unit = unit_rows(each, DType::float64, Device::reference);
    const std::vector<double> expected =
        numeric_derivative(unit, [&] { return EvaluatedXent(unit, each.temperature).loss(); });
    EXPECT_LT(relative_error(values_of(EvaluatedXent(unit, each.temperature).d_unit), expected), 1e-7);
  }
}

class NtXentDevice : public ::testing::TestWithParam<Device> {};

TEST_P(NtXentDevice, OnePairHasNothingToBeToldFrom) {
  const EvaluatedXent evaluated(unit_rows({"", 1, 8, 0.1, 1.0F}, DType::float32, GetParam()), 0.1);
  EXPECT_EQ(values_of(evaluated.d_unit), std::vector<double>(16, 0.0));
  EXPECT_EQ(values_of(evaluated.totals), (std::vector<double>{100, 200}));
}

// Partners equal, others at right angles: every row's candidates are one with similarity 1 / tau and two with 0.
TEST_P(NtXentDevice, SmallExample) {
  const EvaluatedXent evaluated(tensor_of({4, 2}, {1, 0, 0, 1, 1, 0, 0, 1}, DType::float32, GetParam()), 0.5);
  const double other = std::exp(-2.0);
  const double missed = 2 * other / (1 + 2 * other);
  EXPECT_NEAR(evaluated.loss(), 2 * std::log(1 + 2 * other), 1e-5);
  // 1 / (B tau) = 1 times what both of a pair's cross-entropies miss: along the partner, and along both of the others.
  const double expected[] = {-2 * missed, 2 * missed};
  const std::vector<double> errors = values_of(evaluated.d_unit);
  for (const std::size_t row : {0U, 2U}) {
    EXPECT_NEAR(errors[2 * row], expected[0], 1e-5);
    EXPECT_NEAR(errors[2 * row + 1], expected[1], 1e-5);
  }
  EXPECT_EQ(values_of(evaluated.totals)[1], 202);
}

INSTANTIATE_TEST_SUITE_P(All, NtXentDevice, ::testing::ValuesIn(all_devices()), DeviceName());

}  // namespace
}  // namespace biossl
