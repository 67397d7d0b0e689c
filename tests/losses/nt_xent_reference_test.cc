// NT-Xent against arrays computed elsewhere.
#include <gtest/gtest.h>

#include "biossl/losses/loss.h"
#include "tests/support/devices.h"
#include "tests/support/reference_case.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using namespace biossl::testing;

class NtXentReference : public ::testing::TestWithParam<Device> {};

TEST_P(NtXentReference, LossAndErrorsAgree) {
  const auto arrays = reference_case("simclr_tau_0.1");
  if (!arrays) GTEST_SKIP() << no_reference_arrays();
  const Tensor embeddings = arrays->array("embeddings", GetParam());
  const Settings settings{{"temperature", arrays->settings().at("temperature").get<double>()}};
  const LossSetup shape{embeddings.extent(0) / 2, embeddings.extent(1), DType::float32, GetParam()};
  const auto loss = LossRegistry::instance().make("nt_xent", settings, shape);
  Tensor errors = poisoned(embeddings.shape(), DType::float32, GetParam());
  Tensor totals = tensor_of({2}, {0, 0}, DType::float64, GetParam());
  loss->evaluate(embeddings, {}, errors, totals);
  const double expected = arrays->settings().at("loss").get<double>();
  EXPECT_NEAR(values_of(totals)[0], expected, 1e-5 * expected);
  EXPECT_LE(relative_error(values_of(errors), values_of(arrays->array("error", Device::cpu))), 1e-5);
}

INSTANTIATE_TEST_SUITE_P(All, NtXentReference, ::testing::ValuesIn(all_devices()), DeviceName());

}  // namespace
}  // namespace biossl
