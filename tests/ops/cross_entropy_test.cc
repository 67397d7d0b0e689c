#include <gtest/gtest.h>

#include <cmath>

#include "biossl/ops/ops.h"
#include "tests/support/devices.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using namespace biossl::testing;

struct LogitsCase {
  const char* name;
  std::int64_t batch;
  std::int64_t classes;
  float spread;
};

std::vector<std::int32_t> labels_for(const LogitsCase& each) {
  std::vector<std::int32_t> labels;
  for (std::int64_t n = 0; n < each.batch; ++n) labels.push_back(static_cast<std::int32_t>(n * 7 % each.classes));
  return labels;
}

struct EvaluatedEntropy {
  Tensor d_logits, totals;

  EvaluatedEntropy(const Tensor& logits, const std::vector<std::int32_t>& labels)
      : d_logits(poisoned(logits.shape(), logits.dtype(), logits.device())),
        totals(tensor_of({2}, {10, 20}, DType::float64, logits.device())) {
    ops::softmax_cross_entropy(logits, indices_of(labels, logits.device()), d_logits, totals);
  }
};

class CrossEntropyOn : public ::testing::TestWithParam<OnDevice<LogitsCase>> {};

TEST_P(CrossEntropyOn, EqualsReference) {
  const auto& [each, dtype, device] = GetParam();
  const Shape shape{each.batch, each.classes};
  const EvaluatedEntropy ours(random_tensor(shape, dtype, device, 1, each.spread), labels_for(each));
  const EvaluatedEntropy reference(random_tensor(shape, dtype, Device::reference, 1, each.spread), labels_for(each));
  EXPECT_LT(relative_error(ours.d_logits, reference.d_logits), tolerance(dtype));
  const double loss = values_of(reference.totals)[0] - 10;
  EXPECT_NEAR(values_of(ours.totals)[0] - 10, loss, tolerance(dtype) * loss);
  EXPECT_EQ(values_of(ours.totals)[1], values_of(reference.totals)[1]);
}

INSTANTIATE_TEST_SUITE_P(
    All, CrossEntropyOn,
    ::testing::Combine(::testing::Values(LogitsCase{"ten_classes", 13, 10, 1}, LogitsCase{"hundred_classes", 5, 100, 3},
                                         LogitsCase{"one_row", 1, 10, 1}, LogitsCase{"two_classes", 4, 2, 2},
                                         LogitsCase{"large_logits", 6, 10, 300}),
                       ::testing::Values(DType::float32), ::testing::ValuesIn(compared_devices())),
    OnDeviceName());

TEST(CrossEntropy, DerivativeIsRight) {
  const LogitsCase each{"numeric", 4, 5, 1};
  Tensor logits = random_tensor({4, 5}, DType::float64, Device::reference, 2);
  const std::vector<double> expected = numeric_derivative(
      logits, [&] { return (values_of(EvaluatedEntropy(logits, labels_for(each)).totals)[0] - 10) / 4; });
  EXPECT_LT(relative_error(values_of(EvaluatedEntropy(logits, labels_for(each)).d_logits), expected), 1e-8);
}

class CrossEntropyDevice : public ::testing::TestWithParam<Device> {};

TEST_P(CrossEntropyDevice, CountsLossAndHits) {
  const Tensor logits = tensor_of({3, 2}, {0, 0, std::log(3.0), 0, 5, 1}, DType::float32, GetParam());
  const EvaluatedEntropy evaluated(logits, {0, 0, 1});
  const double last = 4 + std::log1p(std::exp(-4.0));
  EXPECT_NEAR(values_of(evaluated.totals)[0] - 10, std::log(2.0) + std::log(4.0 / 3) + last, 1e-5);
  EXPECT_EQ(values_of(evaluated.totals)[1] - 20, 2);  // of equal logits, the first counts as the largest
  const std::vector<double> d_logits = values_of(evaluated.d_logits);
  EXPECT_NEAR(d_logits[0], -0.5 / 3, 1e-6);
  EXPECT_NEAR(d_logits[2], -0.25 / 3, 1e-6);
}

INSTANTIATE_TEST_SUITE_P(All, CrossEntropyDevice, ::testing::ValuesIn(all_devices()), DeviceName());

}  // namespace
}  // namespace biossl
