#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "biossl/ops/ops.h"
#include "tests/support/devices.h"
#include "tests/support/reference_case.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using namespace biossl::testing;

struct HingeCase {
  const char* name;
  std::int64_t batch;
  std::int64_t features;
  Hinge hinge;
  bool stops_gradient;
};

const std::vector<HingeCase> hinge_cases = {
    {"five_negatives", 24, 64, {}, true},
    {"five_negatives_unblocked", 24, 64, {}, false},
    {"all_negatives", 25, 64, {1.0F, 3.0F, 1.0F, 0}, false},
    {"one_negative", 9, 64, {1.0F, 3.0F, 0.5F, 1}, true},
    {"more_recent_than_there_are", 3, 64, {1.0F, 3.0F, 0.2F, 4}, false},
    {"one_pair", 1, 64, {}, false},
    {"own_thresholds", 17, 64, {0.7F, 2.8F, 1.0F, 0}, false},
    {"odd_features", 11, 37, {0.5F, 1.7F, 0.2F, 4}, false},
};

/// The arguments of the loss. Every other positive pair is close, some features of a pair are equal, and negative pairs
/// lie about the threshold, so that each term of the formula is met both active and inactive.
struct Pairs {
  HingeCase each;
  Tensor a, b, d_a, d_b, totals;

  Pairs(const HingeCase& hinge, DType dtype, Device device) : each(hinge) {
    const Shape shape{each.batch, each.features};
    const std::vector<double> memory = values_of(random_tensor(shape, DType::float32, Device::cpu, 1, 0.04F));
    std::vector<double> current = values_of(random_tensor(shape, DType::float32, Device::cpu, 2, 0.04F));
    for (std::size_t i = 0; i < current.size(); ++i) {
      if (i / static_cast<std::size_t>(each.features) % 2 == 0) current[i] = memory[i] + current[i] / 4;
      if (i % 13 == 5) current[i] = memory[i];
    }
    a = tensor_of(shape, memory, dtype, device);
    b = tensor_of(shape, current, dtype, device);
    if (!each.stops_gradient) d_a = poisoned(shape, dtype, device);
    d_b = poisoned(shape, dtype, device);
    totals = tensor_of({2}, {100, 200}, DType::float64, device);
  }

  void evaluate() { ops::contrastive_hinge(a, b, each.hinge, d_a, d_b, totals); }
};

class HingeOn : public ::testing::TestWithParam<OnDevice<HingeCase>> {};

TEST_P(HingeOn, EqualsReference) {
  const auto& [each, dtype, device] = GetParam();
  Pairs ours(each, dtype, device);
  Pairs reference(each, dtype, Device::reference);
  ours.evaluate();
  reference.evaluate();
  EXPECT_LT(relative_error(ours.d_b, reference.d_b), tolerance(dtype));
  EXPECT_LT(relative_error(ours.d_a, reference.d_a), tolerance(dtype));
  const std::vector<double> totals = values_of(ours.totals);
  const std::vector<double> expected = values_of(reference.totals);
  EXPECT_NEAR(totals[0], expected[0], tolerance(dtype) * (expected[0] - 100));
  EXPECT_EQ(totals[1], expected[1]);
}

INSTANTIATE_TEST_SUITE_P(All, HingeOn,
                         ::testing::Combine(::testing::ValuesIn(hinge_cases), ::testing::Values(DType::float32),
                                            ::testing::ValuesIn(compared_devices())),
                         OnDeviceName());

class HingeNumeric : public ::testing::TestWithParam<HingeCase> {};

TEST_P(HingeNumeric, DerivativesAreRight) {
  HingeCase each = GetParam();
  each.stops_gradient = false;
  Pairs pairs(each, DType::float64, Device::reference);
  // Equal features sit on a kink, where sign(0) = 0 is the mean of both sides: what central differences give.
  const auto loss = [&] {
    pairs.totals.fill_zero();
    pairs.evaluate();
    return pairs.totals.data<double>()[0];
  };
  const std::vector<double> by_a = numeric_derivative(pairs.a, loss, 1e-7);
  const std::vector<double> by_b = numeric_derivative(pairs.b, loss, 1e-7);
  pairs.evaluate();
  EXPECT_LT(relative_error(values_of(pairs.d_a), by_a), 1e-6);
  EXPECT_LT(relative_error(values_of(pairs.d_b), by_b), 1e-6);
}

INSTANTIATE_TEST_SUITE_P(All, HingeNumeric,
                         ::testing::Values(HingeCase{"recent", 6, 8, {0.2F, 0.45F, 0.2F, 4}, false},
                                           HingeCase{"all", 6, 8, {0.2F, 0.45F, 1.0F, 0}, false},
                                           HingeCase{"low_thresholds", 5, 8, {0.1F, 0.3F, 1.0F, 0}, false}),
                         CaseName());

class HingeDevice : public ::testing::TestWithParam<Device> {};

// A batch in two parts: the second behind the two memories that its views look back at.
TEST_P(HingeDevice, PairsBeforeTheFirstAreOnlyLookedBackAt) {
  const HingeCase each{"recent", 9, 16, {0.4F, 1.5F, 0.2F, 2}, true};
  Pairs whole(each, DType::float32, GetParam());
  whole.evaluate();
  Tensor totals = tensor_of({2}, {100, 200}, DType::float64, GetParam());
  Tensor none;
  Tensor head = poisoned({5, 16}, DType::float32, GetParam());
  ops::contrastive_hinge(whole.a.rows(0, 5), whole.b.rows(0, 5), each.hinge, none, head, totals);
  Hinge behind = each.hinge;
  behind.first = 2;
  Tensor tail = poisoned({6, 16}, DType::float32, GetParam());
  ops::contrastive_hinge(whole.a.rows(3, 9), whole.b.rows(3, 9), behind, none, tail, totals);
  EXPECT_EQ(values_of(head), values_of(whole.d_b.rows(0, 5)));
  EXPECT_EQ(values_of(tail.rows(2, 6)), values_of(whole.d_b.rows(5, 9)));
  EXPECT_EQ(relative_error(tail.rows(0, 2), whole.d_b.rows(3, 5)), std::numeric_limits<double>::infinity());
  EXPECT_LT(relative_error(values_of(totals), values_of(whole.totals)), 1e-6);
}

// Two pairs of two features, worked out by hand: d(0,0) = 2, d(1,1) = 0, d(0,1) = 4, d(1,0) = 2.
TEST_P(HingeDevice, IsNotANumberWhereAnEmbeddingIsNone) {
  for (const double number : {1.0, std::nan("")}) {
    const Tensor a = tensor_of({1, 2}, {0, 1}, DType::float32, GetParam());
    const Tensor b = tensor_of({1, 2}, {0, number}, DType::float32, GetParam());  // a pair and no negatives
    Tensor none;
    Tensor d_b = poisoned({1, 2}, DType::float32, GetParam());
    Tensor totals = tensor_of({2}, {0, 0}, DType::float64, GetParam());
    ops::contrastive_hinge(a, b, {1.0F, 3.0F, 0.5F, 4}, none, d_b, totals);
    EXPECT_EQ(std::isnan(values_of(totals)[0]), std::isnan(number));
  }
}

TEST_P(HingeDevice, SmallExample) {
  const Tensor a = tensor_of({2, 2}, {0, 0, 2, 2}, DType::float32, GetParam());
  const Tensor b = tensor_of({2, 2}, {2, 0, 2, 2}, DType::float32, GetParam());
  Tensor d_a = poisoned({2, 2}, DType::float32, GetParam());
  Tensor d_b = poisoned({2, 2}, DType::float32, GetParam());
  Tensor totals = tensor_of({2}, {0, 0}, DType::float64, GetParam());
  ops::contrastive_hinge(a, b, {1.0F, 3.0F, 0.5F, 0}, d_a, d_b, totals);
  // Active: the positive pair 0 (margin 1) and the negative pair (1, 0) (margin 1, weight 1/2).
  EXPECT_EQ(values_of(totals), (std::vector<double>{1.5, 1}));
  EXPECT_EQ(values_of(d_b), (std::vector<double>{1, 0.5, 0, 0}));
  EXPECT_EQ(values_of(d_a), (std::vector<double>{-1, 0, 0, -0.5}));
}

INSTANTIATE_TEST_SUITE_P(All, HingeDevice, ::testing::ValuesIn(all_devices()), DeviceName());

struct ArrayCase {
  const char* name;
  Hinge hinge;
  bool stops_gradient;
  bool normalises;
};

/// The loss over a reference case's embeddings: view 0 above, view 1 below.
struct ArrayLoss {
  double loss = 0;
  std::vector<double> errors;
};

ArrayLoss evaluate(const ReferenceCase& arrays, const ArrayCase& each, Device device) {
  const Tensor embeddings = arrays.array("embeddings", device);
  const std::int64_t rows = embeddings.extent(0);
  Tensor compared = embeddings;
  Tensor norms = poisoned({rows}, DType::float32, device);
  if (each.normalises) {
    compared = poisoned(embeddings.shape(), DType::float32, device);
    ops::normalize_rows(embeddings, compared, norms);
  }
  Tensor errors = each.stops_gradient ? Tensor(embeddings.shape(), DType::float32, device)
                                      : poisoned(embeddings.shape(), DType::float32, device);
  Tensor d_a = each.stops_gradient ? Tensor() : errors.rows(0, rows / 2);
  Tensor d_b = errors.rows(rows / 2, rows);
  Tensor totals({2}, DType::float64, device);
  ops::contrastive_hinge(compared.rows(0, rows / 2), compared.rows(rows / 2, rows), each.hinge, d_a, d_b, totals);
  if (each.normalises) {
    Tensor through = poisoned(embeddings.shape(), DType::float32, device);
    ops::normalize_rows_backward(errors, compared, norms, through);
    errors = through;
  }
  return {values_of(totals)[0], values_of(errors)};
}

struct ArrayName {
  std::string operator()(const ::testing::TestParamInfo<std::tuple<ArrayCase, Device>>& info) const {
    return fmt::format("{}_{}", std::get<0>(info.param).name, name_of(std::get<1>(info.param)));
  }
};

class HingeArrays : public ::testing::TestWithParam<std::tuple<ArrayCase, Device>> {};

TEST_P(HingeArrays, LossAndErrorsAgree) {
  const auto& [each, device] = GetParam();
  const auto arrays = reference_case(each.name);
  if (!arrays) GTEST_SKIP() << no_reference_arrays();
  const double expected = arrays->settings().at("loss").get<double>();
  const ArrayLoss ours = evaluate(*arrays, each, device);
  EXPECT_NEAR(ours.loss, expected, 1e-5 * expected);
  EXPECT_LT(relative_error(ours.errors, values_of(arrays->array("error", Device::cpu))), 1e-5);
}

INSTANTIATE_TEST_SUITE_P(
    All, HingeArrays,
    ::testing::Combine(::testing::Values(ArrayCase{"hinge_all", {1.0F, 3.0F, 1.0F, 0}, false, false},
                                         ArrayCase{"hinge_all_blocked", {1.0F, 3.0F, 1.0F, 0}, true, false},
                                         ArrayCase{"hinge_5", {1.0F, 3.0F, 0.2F, 4}, false, false},
                                         ArrayCase{"hinge_5_blocked", {1.0F, 3.0F, 0.2F, 4}, true, false},
                                         ArrayCase{"hinge_two_thresholds", {1.0F, 3.0F, 1.0F, 0}, true, false},
                                         ArrayCase{"hinge_normalised", {1.0F, 3.0F, 1.0F, 0}, false, true}),
                       ::testing::ValuesIn(all_devices())),
    ArrayName());

}  // namespace
}  // namespace biossl
