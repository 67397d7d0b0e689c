#include "biossl/evaluation/health.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "biossl/core/parallel.h"
#include "biossl/evaluation/eigenvalues.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using namespace biossl::testing;

/// The eigenvalues of a symmetric matrix by Jacobi's rotations, another algorithm than the one that is tested.
std::vector<double> jacobi_eigenvalues(std::vector<double> a, std::size_t size) {
  for (int sweep = 0; sweep < 60; ++sweep) {
    for (std::size_t p = 0; p < size; ++p) {
      for (std::size_t q = p + 1; q < size; ++q) {
        if (a[p * size + q] == 0) continue;
        const double half = (a[q * size + q] - a[p * size + p]) / (2 * a[p * size + q]);
        const double tangent = std::copysign(1.0, half) / (std::abs(half) + std::hypot(half, 1.0));
        const double c = 1 / std::hypot(tangent, 1.0), s = tangent * c;
        for (std::size_t k = 0; k < size; ++k) {
          const double x = a[k * size + p], y = a[k * size + q];
          a[k * size + p] = c * x - s * y;
          a[k * size + q] = s * x + c * y;
        }
        for (std::size_t k = 0; k < size; ++k) {
          const double x = a[p * size + k], y = a[q * size + k];
          a[p * size + k] = c * x - s * y;
          a[q * size + k] = s * x + c * y;
        }
      }
    }
  }
  std::vector<double> values;
  for (std::size_t k = 0; k < size; ++k) values.push_back(a[k * size + k]);
  std::ranges::sort(values);
  return values;
}

/// x^T x, or of the columns less their means.
std::vector<double> gram(const Tensor& x, bool centred) {
  std::vector<double> values = values_of(x);
  const auto rows = static_cast<std::size_t>(x.extent(0)), columns = static_cast<std::size_t>(x.extent(1));
  for (std::size_t k = 0; centred && k < columns; ++k) {
    double mean = 0;
    for (std::size_t i = 0; i < rows; ++i) mean += values[i * columns + k] / static_cast<double>(rows);
    for (std::size_t i = 0; i < rows; ++i) values[i * columns + k] -= mean;
  }
  std::vector<double> product(columns * columns, 0.0);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t k = 0; k < columns; ++k) {
      for (std::size_t l = 0; l < columns; ++l) {
        product[k * columns + l] += values[i * columns + k] * values[i * columns + l];
      }
    }
  }
  return product;
}

TEST(Eigenvalues, AgreeWithJacobisRotations) {
  for (const std::int64_t size : {1, 2, 3, 17, 40}) {
    const Tensor x = random_tensor({size + 5, size}, DType::float32, Device::cpu, static_cast<std::uint32_t>(size));
    std::vector<double> matrix = gram(x, false);
    const auto expected = jacobi_eigenvalues(matrix, static_cast<std::size_t>(size));
    EXPECT_LT(relative_error(symmetric_eigenvalues(matrix, size), expected), 1e-13) << size;
  }
}

TEST(Eigenvalues, OfLittleRankAndOfZeros) {
  std::vector<double> zeros(25, 0.0);
  EXPECT_EQ(symmetric_eigenvalues(zeros, 5), std::vector<double>(5, 0.0));
  std::vector<double> one(36, 2.0);  // 2 times the product of a vector of ones with itself
  const auto values = symmetric_eigenvalues(one, 6);
  EXPECT_NEAR(values.back(), 12, 1e-13);
  for (std::size_t k = 0; k < 5; ++k) EXPECT_NEAR(values[k], 0, 1e-13);
  std::vector<double> diagonal{3, 0, 0, 0, -1, 0, 0, 0, 2};
  EXPECT_EQ(symmetric_eigenvalues(diagonal, 3), (std::vector<double>{-1, 2, 3}));
  EXPECT_THROW(symmetric_eigenvalues(diagonal, 2), std::invalid_argument);
  diagonal[1] = NAN;
  EXPECT_THROW(symmetric_eigenvalues(diagonal, 3), std::runtime_error);
}

TEST(Health, AgreesWithPlainSumsInDouble) {
  for (const std::int64_t images : {60, 20}) {  // more images than dimensions, and fewer
    const std::int64_t dimensions = 30;
    const Tensor a = random_tensor({images, dimensions}, DType::float32, Device::cpu, 1);
    Tensor b = random_tensor({images, dimensions}, DType::float32, Device::cpu, 2);
    for (std::int64_t i = 0; i < b.size(); ++i) b.data<float>()[i] *= 1.0F / static_cast<float>(1 + i % dimensions);
    const Health health = measure_embeddings(a, b);
    EXPECT_EQ(health.images, images);
    EXPECT_EQ(health.dimensions, dimensions);

    double sum = 0, entropy = 0;
    const auto eigenvalues = jacobi_eigenvalues(gram(b, false), 30);
    for (const double value : eigenvalues) sum += std::sqrt(std::max(value, 0.0));
    for (const double value : eigenvalues) {
      const double p = std::sqrt(std::max(value, 0.0)) / sum;
      if (p > 0) entropy -= p * std::log(p);
    }
    EXPECT_NEAR(health.effective_rank, std::exp(entropy), 1e-5);

    const std::vector<double> covariance = gram(b, true);
    double trace = 0, squares = 0, deviation = 0;
    for (const double value : jacobi_eigenvalues(covariance, 30)) {
      trace += value;
      squares += value * value;
    }
    EXPECT_NEAR(health.participation, trace * trace / squares, 1e-9);
    for (std::size_t k = 0; k < 30; ++k) {
      deviation += std::sqrt(covariance[k * 31] / static_cast<double>(images)) / 30;
    }
    EXPECT_NEAR(health.deviation, deviation, 1e-12);

    const auto views = std::array{values_of(a), values_of(b)};
    double positive = 0, negative = 0;
    for (std::int64_t i = 0; i < images; ++i) {
      for (std::int64_t j = 0; j < images; ++j) {
        double distance = 0;
        for (std::int64_t k = 0; k < dimensions; ++k) {
          distance += std::abs(views[0][static_cast<std::size_t>(i * dimensions + k)] -
                               views[1][static_cast<std::size_t>(j * dimensions + k)]);
        }
        (i == j ? positive : negative) += distance;
      }
    }
    EXPECT_NEAR(health.positive_distance, positive / static_cast<double>(images), 1e-9);
    EXPECT_NEAR(health.negative_distance, negative / static_cast<double>(images * (images - 1)), 1e-9);
  }
}

/// With more than 256 images, the next 255 alone are an image's negatives, around the end of the data.
TEST(Health, AnImageIsComparedWithTheNext255Cyclically) {
  const std::size_t images = 300, dimensions = 3, most = 255;
  const Shape shape{static_cast<std::int64_t>(images), static_cast<std::int64_t>(dimensions)};
  const Tensor a = random_tensor(shape, DType::float32, Device::cpu, 1);
  const Tensor b = random_tensor(shape, DType::float32, Device::cpu, 2);
  const std::vector<double> from = values_of(a), to = values_of(b);
  double sum = 0;
  for (std::size_t i = 0; i < images; ++i) {
    for (std::size_t apart = 1; apart <= most; ++apart) {
      const std::size_t j = (i + apart) % images;
      for (std::size_t k = 0; k < dimensions; ++k) sum += std::abs(from[i * dimensions + k] - to[j * dimensions + k]);
    }
  }
  EXPECT_NEAR(measure_embeddings(a, b).negative_distance, sum / static_cast<double>(images * most), 1e-9);
}

TEST(Health, KnownCases) {
  Tensor axes({8, 4}, DType::float32, Device::cpu);  // each of four directions twice, both ways
  for (std::int64_t i = 0; i < 8; ++i) axes.data<float>()[i * 4 + i % 4] = i < 4 ? 1.0F : -1.0F;
  const Health spread = measure_embeddings(axes, axes);
  EXPECT_NEAR(spread.effective_rank, 4, 1e-12);
  EXPECT_NEAR(spread.participation, 4, 1e-12);
  EXPECT_EQ(spread.positive_distance, 0);
  EXPECT_NEAR(spread.deviation, 0.5, 1e-12);

  Tensor same({8, 4}, DType::float32, Device::cpu);
  std::ranges::fill(same.span<float>(), 3.0F);
  const Health collapsed = measure_embeddings(same, same);
  EXPECT_NEAR(collapsed.effective_rank, 1, 1e-6);
  EXPECT_EQ(collapsed.participation, 0);
  EXPECT_EQ(collapsed.deviation, 0);
  EXPECT_EQ(collapsed.negative_distance, 0);
  same.fill_zero();
  EXPECT_EQ(measure_embeddings(same, same).effective_rank, 0);
  EXPECT_THROW(measure_embeddings(same, axes.rows(0, 4)), std::invalid_argument);
}

TEST(Health, DoesNotDependOnThreads) {
  const Tensor a = random_tensor({90, 70}, DType::float32, Device::cpu, 1);
  const Tensor b = random_tensor({90, 70}, DType::float32, Device::cpu, 2);
  const Health once = measure_embeddings(a, b);
  const int before = threads();
  for (const int number : {1, 3}) {
    set_threads(number);
    const Health again = measure_embeddings(a, b);
    EXPECT_EQ(again.effective_rank, once.effective_rank);
    EXPECT_EQ(again.participation, once.participation);
    EXPECT_EQ(again.negative_distance, once.negative_distance);
  }
  set_threads(before);
}

TEST(UnitActivity, CountsUnitsThatSayNothing) {
  UnitActivity units;
  EXPECT_EQ(units.dead(), 0);
  // Unit 0 varies, 1 is constant, 2 is at a bound in nine of ten rows, 3 at both bounds in turn.
  for (int row = 0; row < 10; ++row) {
    const double third = row == 4 ? 0.5 : 1;
    units.show(tensor_of({1, 4}, {0.1 * row, 0.3, third, row % 2 == 0 ? 1.0 : -1.0}, DType::float32, Device::cpu));
  }
  EXPECT_EQ(units.dead(), 0.25);
  EXPECT_EQ(units.saturated(), 0.5);
}

}  // namespace
}  // namespace biossl
