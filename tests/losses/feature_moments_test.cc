#include "biossl/losses/feature_moments.h"

#include <gtest/gtest.h>

#include "tests/support/devices.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using namespace biossl::testing;

double squared_covariances_of(const std::vector<double>& values, std::int64_t features, Device device) {
  const auto rows = static_cast<std::int64_t>(values.size()) / features;
  FeatureMoments moments({.batch = rows, .features = features, .dtype = DType::float32, .device = device});
  moments.measure(tensor_of({rows, features}, values, DType::float32, device));
  return moments.squared_covariances();
}

// Variances are no part of it, however large: their rounding would be the whole result.
TEST(FeatureMoments, VariancesDoNotCountAmongTheCovariances) {
  for (const Device device : {Device::reference, Device::cpu}) {
    EXPECT_EQ(squared_covariances_of({101.3, -57.1, 33.7, 8.9, -77.3}, 1, device), 0.0);
    EXPECT_EQ(squared_covariances_of({71.3, 0, -71.3, 0, 0, 33.1, 0, -33.1}, 2, device), 0.0);
  }
}

// The columns (1, 2, 4) and (5, 4, 9) have the covariance 3.5, which stands twice in the matrix.
TEST(FeatureMoments, AreThoseOfTheRows) {
  for (const Device device : {Device::reference, Device::cpu}) {
    EXPECT_NEAR(squared_covariances_of({1, 5, 2, 4, 4, 9}, 2, device), 2 * 3.5 * 3.5, 1e-5);
  }
}

}  // namespace
}  // namespace biossl
