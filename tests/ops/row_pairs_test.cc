#include "biossl/ops/row_pairs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "biossl/benchmarks/timing.h"
#include "biossl/core/accelerator.h"
#include "biossl/core/parallel.h"
#include "tests/support/devices.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using namespace biossl::testing;

/// Pairs of rows at random, wanted and unwanted, some of them of a row with itself; the last row is in none.
std::vector<RowPair> some_pairs(std::int64_t rows) {
  std::vector<RowPair> pairs;
  Random random(3, Purpose::sample);
  for (std::int64_t p = 0; p < 4 * rows; ++p) {
    const auto row = [&] { return static_cast<std::int32_t>(random.below(static_cast<std::uint32_t>(rows - 1))); };
    const double weight = 0.25 * static_cast<double>(1 + p % 3);
    pairs.push_back({row(), row(), p % 2 == 0 ? weight : -weight});
  }
  return pairs;
}

struct Evaluated {
  Tensor rows, errors, totals;
  std::vector<RowPair> pairs;

  Evaluated(const Shape& shape, float spread, DType dtype, Device device)
      : rows(random_tensor(shape, dtype, device, 1, spread)),
        errors(poisoned(shape, dtype, device)),
        pairs(some_pairs(shape[0])) {
    evaluate();
  }

  double evaluate() {
    totals = tensor_of({2}, {100, 200}, DType::float64, rows.device());
    ops::product_hinge(rows, pairs, errors, totals);
    EXPECT_EQ(values_of(totals)[1], 200);
    return values_of(totals)[0] - 100;
  }
};

TEST(ProductHinge, TheCpuEqualsReference) {
  for (const Shape& shape : {Shape{40, 64}, Shape{9, 37}, Shape{300, 200}, Shape{2, 1}}) {
    for (const float spread : {0.02F, 0.3F}) {
      Evaluated ours(shape, spread, DType::float32, Device::cpu);
      Evaluated reference(shape, spread, DType::float32, Device::reference);
      EXPECT_LT(relative_error(ours.errors, reference.errors), tolerance(DType::float32)) << to_string(shape);
      EXPECT_NEAR(ours.evaluate(), reference.evaluate(), 1e-5 * reference.evaluate());
    }
  }
}

TEST(ProductHinge, DerivativesAreRight) {
  Evaluated evaluated({9, 6}, 0.5F, DType::float64, Device::reference);
  const std::vector<double> expected = numeric_derivative(
      evaluated.rows, [&] { return evaluated.evaluate(); }, 1e-6);
  evaluated.evaluate();
  EXPECT_LT(relative_error(values_of(evaluated.errors), expected), 1e-7);
}

TEST(ProductHinge, DoesNotDependOnThreads) {
  const ThreadsKept outside;
  std::vector<std::vector<double>> results;
  for (const int count : {1, 2, 5}) {
    set_threads(count);
    Evaluated evaluated({123, 50}, 0.2F, DType::float32, Device::cpu);
    results.push_back(values_of(evaluated.errors));
    results.back().push_back(evaluated.evaluate());
    EXPECT_EQ(results.back(), results.front()) << count;
  }
}

// <0, 1> = 1 and <0, 2> = -1 sit on their hinges: slack. <1, 2> = -3.
TEST(ProductHinge, SmallExampleWithTies) {
  for (const Device device : {Device::reference, Device::cpu}) {
    const Tensor rows = tensor_of({4, 2}, {1, 0, 1, 2, -1, -1, 7, 7}, DType::float32, device);
    Tensor errors = poisoned({4, 2}, DType::float32, device);
    Tensor totals = tensor_of({2}, {0, 0}, DType::float64, device);
    ops::product_hinge(rows, std::vector<RowPair>{{0, 1, 2}, {0, 2, -3}, {1, 2, 0.5}}, errors, totals);
    EXPECT_EQ(values_of(totals)[0], 0.5 * 4);
    EXPECT_EQ(values_of(errors), (std::vector<double>{0, 0, 0.5, 0.5, -0.5, -1, 0, 0}));
  }
}

TEST(ProductHinge, IsNotANumberWhereARowIsNone) {
  for (const Device device : {Device::reference, Device::cpu}) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const Tensor rows = tensor_of({2, 2}, {1, 0, nan, 2}, DType::float32, device);
    Tensor errors = poisoned({2, 2}, DType::float32, device);
    Tensor totals = tensor_of({2}, {0, 0}, DType::float64, device);
    ops::product_hinge(rows, std::vector<RowPair>{{0, 1, 1}}, errors, totals);
    EXPECT_TRUE(std::isnan(values_of(totals)[0]));
  }
}

TEST(ProductHinge, RefusesWhatIsImpossible) {
  const Tensor rows({3, 2}, DType::float32, Device::cpu);
  Tensor errors({3, 2}, DType::float32, Device::cpu);
  Tensor totals({2}, DType::float64, Device::cpu);
  const auto refused = [&](const RowPair& pair, const char* message) {
    EXPECT_THAT([&] { ops::product_hinge(rows, std::vector<RowPair>{pair}, errors, totals); },
                ::testing::ThrowsMessage<std::invalid_argument>(::testing::HasSubstr(message)));
  };
  refused({0, 3, 1}, "a pair is of rows 0 and 3, outside 0 to 2");
  refused({-1, 0, 1}, "a pair is of rows -1 and 0");
  refused({0, 1, std::numeric_limits<double>::infinity()}, "a pair has weight inf");
  Tensor other({3, 3}, DType::float32, Device::cpu);
  EXPECT_THROW(ops::product_hinge(rows, {}, other, totals), std::invalid_argument);
  if (accelerator::count() == 0) return;
  const Tensor away({3, 2}, DType::float32, Device::cuda);
  EXPECT_THROW(ops::product_hinge(away, {}, errors, totals), std::invalid_argument);
}

}  // namespace
}  // namespace biossl
