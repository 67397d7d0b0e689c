#include "biossl/evaluation/regression_probe.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "biossl/evaluation/ridge.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using namespace biossl::testing;

Features features_of(const Tensor& values) { return {values, Tensor({values.extent(0)}, DType::int32, Device::cpu)}; }

/// Two linear functions of the features, with noise of a given spread.
Targets linear_targets(const Tensor& values, double noise) {
  const std::vector<double> x = values_of(values);
  const auto width = static_cast<std::size_t>(values.extent(1));
  Random random(1, Purpose::sample);
  Targets targets{.names = {"sum", "difference"}};
  for (std::size_t i = 0; i < x.size(); i += width) {
    double sum = 3, difference = -1;
    for (std::size_t k = 0; k < width; ++k) {
      sum += 0.5 * x[i + k];
      difference += (k % 2 == 0 ? 0.2 : -0.3) * x[i + k];
    }
    targets.values.push_back(static_cast<float>(sum + noise * random.normal()));
    targets.values.push_back(static_cast<float>(difference + noise * random.normal()));
  }
  return targets;
}

/// Features with large means and different spreads.
Tensor shifted(std::int64_t images, std::int64_t width, std::uint32_t seed) {
  Tensor values = random_tensor({images, width}, DType::float32, Device::cpu, seed);
  for (std::int64_t i = 0; i < values.size(); ++i) {
    const auto k = static_cast<float>(i % width);
    values.data<float>()[i] = values.data<float>()[i] * (0.5F + 0.1F * k) + 2.0F + k;
  }
  return values;
}

/// Solves a x = b by Gauss's elimination with pivots.
std::vector<double> solve(std::vector<double> a, std::vector<double> b) {
  const std::size_t size = b.size();
  for (std::size_t k = 0; k < size; ++k) {
    std::size_t pivot = k;
    for (std::size_t i = k; i < size; ++i) {
      if (std::abs(a[i * size + k]) > std::abs(a[pivot * size + k])) pivot = i;
    }
    for (std::size_t j = 0; j < size; ++j) std::swap(a[k * size + j], a[pivot * size + j]);
    std::swap(b[k], b[pivot]);
    for (std::size_t i = 0; i < size; ++i) {
      if (i == k) continue;
      const double factor = a[i * size + k] / a[k * size + k];
      for (std::size_t j = k; j < size; ++j) a[i * size + j] -= factor * a[k * size + j];
      b[i] -= factor * b[k];
    }
  }
  for (std::size_t k = 0; k < size; ++k) b[k] /= a[k * size + k];
  return b;
}

/// The ridge fit of one target by its normal equations in double; the offset comes last.
std::vector<double> plain_ridge(const Tensor& values, const std::vector<double>& y, double penalty) {
  const std::vector<double> x = values_of(values);
  const auto width = static_cast<std::size_t>(values.extent(1)), rows = y.size();
  std::vector<double> mean(width, 0.0);
  double of_y = 0, total = 0;
  for (std::size_t i = 0; i < x.size(); ++i) mean[i % width] += x[i] / static_cast<double>(rows);
  for (const double value : y) of_y += value / static_cast<double>(rows);
  std::vector<double> gram(width * width, 0.0), right(width, 0.0);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t k = 0; k < width; ++k) {
      const double x_k = x[i * width + k] - mean[k];
      right[k] += x_k * (y[i] - of_y);
      for (std::size_t l = 0; l < width; ++l) gram[k * width + l] += x_k * (x[i * width + l] - mean[l]);
    }
  }
  for (std::size_t k = 0; k < width; ++k) total += gram[k * (width + 1)];
  for (std::size_t k = 0; k < width; ++k) {
    gram[k * (width + 1)] += penalty * total / static_cast<double>(std::min(rows, width));
  }
  std::vector<double> weights = solve(gram, right);
  double offset = of_y;
  for (std::size_t k = 0; k < width; ++k) offset -= weights[k] * mean[k];
  weights.push_back(offset);
  return weights;
}

TEST(Ridge, AgreesWithPlainNormalEquationsInDouble) {
  for (const std::int64_t rows : {70, 15}) {  // more images than features, and fewer
    const Tensor values = shifted(rows, 20, 7);
    const Targets targets = linear_targets(values, 0.5);
    std::vector<std::int32_t> order;
    for (std::int32_t i = 0; i < rows; ++i) order.push_back(i);
    Ridge ridge(values, indices_of(order, Device::cpu));
    const std::vector<double> penalties{0.01, 1};
    const LinearFits fits = ridge.fit({targets.values.begin(), targets.values.end()}, penalties);
    for (std::size_t t = 0; t < 2; ++t) {
      std::vector<double> y, ours(fits.weights.begin() + static_cast<std::ptrdiff_t>(20 * t),
                                  fits.weights.begin() + static_cast<std::ptrdiff_t>(20 * (t + 1)));
      for (std::size_t i = t; i < targets.values.size(); i += 2) y.push_back(targets.values[i]);
      ours.push_back(fits.offsets[t]);
      EXPECT_LT(relative_error(ours, plain_ridge(values, y, penalties[t])), 1e-5) << rows << " rows";
    }
  }
}

TEST(RegressionProbe, RecoversLinearTargetsExactly) {
  const Tensor train = shifted(200, 12, 1), test = shifted(90, 12, 2);
  const auto results =
      regression_probe({features_of(train), features_of(test)}, linear_targets(train, 0), linear_targets(test, 0));
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[0].name, "sum");
  for (const TargetResult& result : results) {
    EXPECT_GT(result.r_squared, 1 - 1e-5);
    EXPECT_EQ(result.penalty, 1e-4) << "the smallest of the penalties";
  }
}

TEST(RegressionProbe, NoiseIsNotRead) {
  const Tensor train = shifted(60, 40, 1), test = shifted(300, 40, 2);
  Targets of_train = linear_targets(train, 0), of_test = linear_targets(test, 0);
  Random random(2, Purpose::sample);
  for (Targets* targets : {&of_train, &of_test}) {
    for (std::size_t i = 0; i < targets->values.size(); i += 2) targets->values[i] = random.normal();
  }
  const auto results = regression_probe({features_of(train), features_of(test)}, of_train, of_test);
  EXPECT_LT(results[0].r_squared, 0.1);
  EXPECT_GT(results[1].r_squared, 0.9) << "each target has its own fit";
  EXPECT_GT(results[0].penalty, results[1].penalty);
}

TEST(RegressionProbe, FeaturesInAFileGiveTheSame) {
  const TemporaryFolder folder;
  const Tensor train = shifted(1100, 9, 1), test = shifted(40, 9, 2);
  const Targets of_train = linear_targets(train, 1), of_test = linear_targets(test, 1);
  const auto in_memory = regression_probe({features_of(train), features_of(test)}, of_train, of_test);
  FeatureTable table(train.shape(), {.dtype = DType::float32, .folder = folder.path()}, Device::cpu);
  table.write(0, train);
  const auto in_file = regression_probe({{table, features_of(train).labels}, features_of(test)}, of_train, of_test);
  for (std::size_t t = 0; t < 2; ++t) EXPECT_EQ(in_file[t].r_squared, in_memory[t].r_squared);
}

TEST(RegressionProbe, RefusesWhatDoesNotFit) {
  Tensor train = shifted(20, 4, 1);
  const Tensor test = shifted(10, 4, 2);
  const Targets of_train = linear_targets(train, 0), of_test = linear_targets(test, 0);
  const ProbeFeatures features{features_of(train), features_of(test)};
  EXPECT_THROW(regression_probe(features, {}, {}), std::invalid_argument);
  EXPECT_THROW(regression_probe(features, of_test, of_test), std::invalid_argument);
  Targets other = of_test;
  other.names[0] = "product";
  EXPECT_THROW(regression_probe(features, of_train, other), std::invalid_argument);
  train.data<float>()[3] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(regression_probe(features, of_train, of_test), FeaturesNotFinite);
}

}  // namespace
}  // namespace biossl
