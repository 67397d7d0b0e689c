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

/// The ridge fit of one target y (N) on x (N, F) by its normal equations in double; the offset comes last.
std::vector<double> plain_ridge(const std::vector<double>& x, const std::vector<double>& y, double penalty) {
  const std::size_t rows = y.size(), width = x.size() / rows;
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

/// How much the plain fit changes, relative to itself, when each feature changes by up to a share `by` of itself; the
/// most of a few draws.
double change_of_plain_ridge(const Tensor& values, const std::vector<double>& y, double penalty, double by) {
  const std::vector<double> expected = plain_ridge(values_of(values), y, penalty);
  Random random(3, Purpose::sample);
  double most = 0;
  for (int draw = 0; draw < 5; ++draw) {
    std::vector<double> x = values_of(values);
    for (double& value : x) value *= 1 + by * static_cast<double>(random.uniform(-1, 1));
    most = std::max(most, relative_error(plain_ridge(x, y, penalty), expected));
  }
  return most;
}

/// A float32 sum of n products is the exact sum of products that have each changed by up to n 2^-24 of themselves
/// (Higham, Accuracy and Stability of Numerical Algorithms, 3.1). Ridge takes such sums over features and over rows, so
/// it fits features that have changed by so much, however the sums are ordered. Features with large means are hit most.
TEST(Ridge, AgreesWithPlainNormalEquationsInDouble) {
  constexpr std::int64_t width = 20;
  for (const std::int64_t rows : {70, 15}) {  // more images than features, and fewer
    const Tensor values = shifted(rows, width, 7);
    const Targets targets = linear_targets(values, 0.5);
    std::vector<std::int32_t> order;
    for (std::int32_t i = 0; i < rows; ++i) order.push_back(i);
    Ridge ridge(values, indices_of(order, Device::cpu));
    const std::vector<double> penalties{0.01, 1};
    const LinearFits fits = ridge.fit({targets.values.begin(), targets.values.end()}, penalties);
    for (std::size_t t = 0; t < 2; ++t) {
      std::vector<double> y, ours(fits.weights.begin() + static_cast<std::ptrdiff_t>(width * t),
                                  fits.weights.begin() + static_cast<std::ptrdiff_t>(width * (t + 1)));
      for (std::size_t i = t; i < targets.values.size(); i += 2) y.push_back(targets.values[i]);
      ours.push_back(fits.offsets[t]);
      const double bound = change_of_plain_ridge(values, y, penalties[t], static_cast<double>(rows + width) * 0x1p-24);
      EXPECT_LT(relative_error(ours, plain_ridge(values_of(values), y, penalties[t])), bound) << rows << " rows";
      EXPECT_LT(bound, 1e-3) << "small enough to tell penalties apart";
    }
  }
}

/// Shifted conjugate gradients: all penalties from the passes of the smallest one.
TEST(Ridge, FitsUnderEachPenaltyAreThoseOfOnePenaltyAtATime) {
  const Tensor values = shifted(90, 33, 5);
  const Targets targets = linear_targets(values, 0.5);
  const std::vector<double> y(targets.values.begin(), targets.values.end());
  std::vector<std::int32_t> order;
  for (std::int32_t i = 0; i < 90; ++i) order.push_back(i);
  Ridge ridge(values, indices_of(order, Device::cpu));
  const std::vector<double> penalties{1e-3, 1e-2, 1e-1, 1, 10};
  std::int64_t together = 0, alone = 0;
  const LinearFits fits = ridge.fit_each(y, 2, penalties, [&](std::int64_t passes) { together = passes; });
  ASSERT_EQ(std::ssize(fits.offsets), 10);
  for (std::size_t p = 0; p < penalties.size(); ++p) {
    const LinearFits each =
        ridge.fit(y, {penalties[p], penalties[p]}, [&](std::int64_t passes) { alone = std::max(alone, passes); });
    const auto from = static_cast<std::ptrdiff_t>(p);
    const std::vector<double> weights(fits.weights.begin() + 66 * from, fits.weights.begin() + 66 * (from + 1));
    const std::vector<double> offsets(fits.offsets.begin() + 2 * from, fits.offsets.begin() + 2 * (from + 1));
    EXPECT_LT(relative_error(weights, each.weights), 1e-3) << penalties[p];
    EXPECT_LT(relative_error(offsets, each.offsets), 1e-3) << penalties[p];
  }
  EXPECT_EQ(together, alone) << "the passes that the smallest penalty needs";
  const std::vector<double> falling{1, 0.1};
  EXPECT_THROW(ridge.fit_each(y, 2, falling), std::invalid_argument);
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
  Tensor test = shifted(10, 4, 2);
  const Targets of_train = linear_targets(train, 0), of_test = linear_targets(test, 0);
  const ProbeFeatures features{features_of(train), features_of(test)};
  EXPECT_THROW(regression_probe(features, {}, {}), std::invalid_argument);
  EXPECT_THROW(regression_probe(features, of_test, of_test), std::invalid_argument);
  Targets other = of_test;
  other.names[0] = "product";
  EXPECT_THROW(regression_probe(features, of_train, other), std::invalid_argument);
  test.data<float>()[3] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(regression_probe(features, of_train, of_test), FeaturesNotFinite);
  test.data<float>()[3] = 0;
  EXPECT_NO_THROW(regression_probe(features, of_train, of_test));
  train.data<float>()[3] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(regression_probe(features, of_train, of_test), FeaturesNotFinite);
}

// Five images lie on a line that the sixth one contradicts: the flattest line misses it least. One held-out image tells
// penalties apart, although it has no spread by itself.
TEST(RegressionProbe, ChoosesThePenaltyOnOneImageToo) {
  const Tensor train = tensor_of({6, 1}, {-2, -1, 0, 1, 2, 2}, DType::float32, Device::cpu);
  const Tensor test = tensor_of({2, 1}, {-1, 1}, DType::float32, Device::cpu);
  const Targets of_train{.names = {"line"}, .values = {-2, -1, 0, 1, 2, 0}};
  const Targets of_test{.names = {"line"}, .values = {-1, 1}};
  const auto found = regression_probe({features_of(train), features_of(test)}, of_train, of_test);
  EXPECT_EQ(found.front().penalty, 10);
}

}  // namespace
}  // namespace biossl
