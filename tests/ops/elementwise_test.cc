#include "biossl/ops/elementwise.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "biossl/core/parallel.h"
#include "tests/support/devices.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using namespace biossl::testing;

const Shape maps{3, 5, 7, 37};  // no multiple of a vector

std::vector<double> worked_out(Function function) {
  Tensor x = tensor_of({4}, {-2, -0.5, 0.25, 3}, DType::float64, Device::reference);
  ops::apply(function, x, x);
  return values_of(x);
}

TEST(Apply, IsTheFunctionThatItIsCalledAfter) {
  using ::testing::DoubleNear;
  using ::testing::ElementsAre;
  EXPECT_THAT(worked_out(Function::absolute), ElementsAre(2, 0.5, 0.25, 3));
  EXPECT_THAT(worked_out(Function::square), ElementsAre(4, 0.25, 0.0625, 9));
  EXPECT_THAT(worked_out(Function::reciprocal), ElementsAre(-0.5, -2, 4, 1.0 / 3));
  EXPECT_THAT(worked_out(Function::sign), ElementsAre(-1, -1, 1, 1));
  EXPECT_THAT(worked_out(Function::step), ElementsAre(0, 0, 1, 1));
  EXPECT_THAT(worked_out(Function::relu), ElementsAre(0, 0, 0.25, 3));
  EXPECT_THAT(worked_out(Function::exponential)[3], DoubleNear(std::exp(3.0), 1e-12));
  EXPECT_THAT(worked_out(Function::logarithm)[3], DoubleNear(std::log(3.0), 1e-12));
  EXPECT_THAT(worked_out(Function::square_root)[2], DoubleNear(0.5, 1e-12));
  EXPECT_THAT(worked_out(Function::sigmoid)[0], DoubleNear(1 / (1 + std::exp(2.0)), 1e-12));
  EXPECT_THAT(worked_out(Function::softplus)[0], DoubleNear(std::log(1 + std::exp(-2.0)), 1e-12));
}

class ElementwiseOn : public ::testing::TestWithParam<DType> {};

TEST_P(ElementwiseOn, EqualsReference) {
  const auto on = [&](Device device, const auto& work) {
    Tensor result = random_tensor(maps, GetParam(), device, 1);
    work(result, device);
    return result;
  };
  for (int function = 0; function <= static_cast<int>(Function::softplus); ++function) {
    const auto work = [&](Tensor& x, Device) {
      ops::apply(Function::absolute, x, x);  // logarithms and roots need it
      ops::apply(static_cast<Function>(function), x, x);
    };
    EXPECT_LT(relative_error(on(Device::cpu, work), on(Device::reference, work)), 4 * tolerance(GetParam()))
        << function;
  }
  for (int combination = 0; combination <= static_cast<int>(Combination::power); ++combination) {
    for (const Shape& shape :
         {maps, Shape{3, 5, 7, 1}, Shape{1, 1, 1, 37}, Shape{3, 1, 1, 37}, Shape{1, 5, 7, 37}, Shape{1, 1, 1, 1}}) {
      const auto work = [&](Tensor& x, Device device) {
        Tensor other = random_tensor(shape, GetParam(), device, 2);
        ops::apply(Function::absolute, x, x);
        ops::apply(Function::absolute, other, other);
        ops::combine(x, static_cast<Combination>(combination), other, x);
      };
      EXPECT_LT(relative_error(on(Device::cpu, work), on(Device::reference, work)), 4 * tolerance(GetParam()))
          << combination << " " << to_string(shape);
    }
  }
}

TEST_P(ElementwiseOn, ReducesAsTheReferenceAndWhateverTheThreads) {
  for (const Axes axes : {over_batch, over_positions, over_channels, all_but_channels, Axes{0, 4}}) {
    for (const Reduction reduction : {Reduction::sum, Reduction::mean, Reduction::maximum}) {
      const auto on = [&](Device device) {
        const Tensor src = random_tensor(maps, GetParam(), device, 3);
        Tensor dst = poisoned(ops::reduced(maps, axes), GetParam(), device);
        ops::reduce(reduction, src, axes, dst);
        return dst;
      };
      const int before = threads();
      set_threads(1);
      const std::vector<double> alone = values_of(on(Device::cpu));
      set_threads(2);
      EXPECT_EQ(values_of(on(Device::cpu)), alone);
      set_threads(before);
      EXPECT_LT(relative_error(values_of(on(Device::reference)), alone), 4 * tolerance(GetParam()));
    }
  }
}

TEST_P(ElementwiseOn, ReducesProductsAsTheReferenceAndWhateverTheThreads) {
  for (const Axes axes : {over_batch, over_positions, over_channels, all_but_channels, Axes{1, 4}, Axes{0, 4}}) {
    const auto on = [&](Device device) {
      Tensor dst = poisoned(ops::reduced(maps, axes), GetParam(), device);
      ops::reduce_products(random_tensor(maps, GetParam(), device, 3), random_tensor(maps, GetParam(), device, 4), axes,
                           dst);
      return dst;
    };
    const int before = threads();
    set_threads(1);
    const std::vector<double> alone = values_of(on(Device::cpu));
    set_threads(2);
    EXPECT_EQ(values_of(on(Device::cpu)), alone);
    set_threads(before);
    EXPECT_LT(relative_error(values_of(on(Device::reference)), alone), 4 * tolerance(GetParam()));
  }
}

/// Maps standardised along a run of axes, and an error that goes back through them.
struct Standardized {
  Axes axes;
  Tensor src, dst, means, deviations, d_dst, d_means, d_products, d_src;

  Standardized(Axes run, const Shape& shape, DType dtype, Device device)
      : axes(run),
        src(random_tensor(shape, dtype, device, 1)),
        dst(poisoned(shape, dtype, device)),
        means(poisoned(ops::reduced(shape, run), dtype, device)),
        deviations(means.clone()),
        d_dst(random_tensor(shape, dtype, device, 2)),
        d_means(means.clone()),
        d_products(means.clone()),
        d_src(poisoned(shape, dtype, device)) {}

  void forward() { ops::standardize(src, axes, 1e-3, dst, means, deviations); }
  void backward() { ops::standardize_backward(d_dst, dst, deviations, axes, d_means, d_products, d_src); }
};

TEST_P(ElementwiseOn, StandardizesAsTheReference) {
  for (const Axes axes : {over_channels, all_but_channels, Axes{1, 4}}) {
    Standardized ours(axes, maps, GetParam(), Device::cpu);
    Standardized reference(axes, maps, GetParam(), Device::reference);
    for (Standardized* each : {&ours, &reference}) {
      each->forward();
      each->backward();
    }
    EXPECT_LT(relative_error(ours.dst, reference.dst), 4 * tolerance(GetParam()));
    EXPECT_LT(relative_error(ours.deviations, reference.deviations), 4 * tolerance(GetParam()));
    EXPECT_LT(relative_error(ours.d_src, reference.d_src), 4 * tolerance(GetParam()));
  }
}

INSTANTIATE_TEST_SUITE_P(All, ElementwiseOn, ::testing::ValuesIn(activity_types()));

TEST(Reduce, KnowsItsAxes) {
  const Tensor x = tensor_of({1, 1, 2, 3}, {1, 2, 3, 4, 5, 6}, DType::float32, Device::cpu);
  const auto reduced = [&](Reduction reduction, Axes axes) {
    Tensor dst(ops::reduced(x.shape(), axes), DType::float32, Device::cpu);
    ops::reduce(reduction, x, axes, dst);
    return values_of(dst);
  };
  EXPECT_EQ(reduced(Reduction::sum, over_positions), (std::vector<double>{5, 7, 9}));
  EXPECT_EQ(reduced(Reduction::mean, over_channels), (std::vector<double>{2, 5}));
  EXPECT_EQ(reduced(Reduction::maximum, Axes{0, 4}), (std::vector<double>{6}));
}

// 19 numbers a run: a vector's share and the rest of a loop.
TEST(Maximum, OfNumbersOfWhichOneIsNanIsNan) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const Device device : {Device::reference, Device::cpu}) {
    for (const std::int64_t place : {0, 1, 9, 18}) {
      std::vector<double> numbers(38, 1.0);
      numbers[static_cast<std::size_t>(place)] = nan;  // of the first run
      for (const bool along_last : {true, false}) {
        std::vector<double> laid_out = numbers;
        for (std::size_t i = 0; !along_last && i < numbers.size(); ++i) laid_out[i % 19 * 2 + i / 19] = numbers[i];
        const Tensor x = tensor_of(along_last ? Shape{2, 19} : Shape{19, 2}, laid_out, DType::float32, device);
        const Axes axes = along_last ? over_channels : over_batch;
        Tensor dst(ops::reduced(x.shape(), axes), DType::float32, device);
        ops::reduce(Reduction::maximum, x, axes, dst);
        EXPECT_TRUE(std::isnan(values_of(dst)[0])) << place;
        EXPECT_EQ(values_of(dst)[1], 1.0) << place;
      }
    }
    const Tensor one = tensor_of({1, 3}, {nan, 1, 2}, DType::float32, device);
    const Tensor other = tensor_of({1, 3}, {1, nan, 3}, DType::float32, device);
    for (const Combination which : {Combination::maximum, Combination::minimum}) {
      Tensor both = one.clone();
      ops::combine(one, which, other, both);
      EXPECT_TRUE(std::isnan(values_of(both)[0]));
      EXPECT_TRUE(std::isnan(values_of(both)[1]));
      EXPECT_EQ(values_of(both)[2], which == Combination::maximum ? 3 : 2);
    }
  }
}

TEST(ReduceProducts, SumsThem) {
  const Tensor x = tensor_of({2, 3}, {1, 2, 3, 4, 5, 6}, DType::float32, Device::cpu);
  const Tensor y = tensor_of({2, 3}, {1, 0, 2, -1, 1, 0}, DType::float32, Device::cpu);
  Tensor dst({2, 1}, DType::float32, Device::cpu);
  ops::reduce_products(x, y, over_channels, dst);
  EXPECT_EQ(values_of(dst), (std::vector<double>{7, 1}));
  ops::reduce_products(x, x, over_channels, dst);
  EXPECT_EQ(values_of(dst), (std::vector<double>{14, 77}));
}

TEST(Normalize, SubtractsAndDivides) {
  const Tensor x = tensor_of({2, 2}, {1, 3, 5, 7}, DType::float64, Device::reference);
  const Tensor mean = tensor_of({1, 2}, {1, 2}, DType::float64, Device::reference);
  Tensor variance = tensor_of({1, 2}, {3, 0}, DType::float64, Device::reference), y = x.clone();
  ops::normalize(x, mean, variance, 1, y, variance);
  EXPECT_EQ(values_of(y), (std::vector<double>{0, 1, 2, 5}));
  EXPECT_EQ(values_of(variance), (std::vector<double>{2, 1}));
}

TEST(CopyColumns, LeavesTheOthersAloneAndConverts) {
  for (const Device device : {Device::reference, Device::cpu}) {
    const Tensor src = tensor_of({2, 3}, {1, 2, 3, 4, 5, 6}, DType::bfloat16, device);
    Tensor dst = tensor_of({2, 4}, {0, 0, 0, 9, 0, 0, 0, 9}, DType::float32, device);
    ops::copy_columns(src, 1, dst, 0, 2);
    EXPECT_EQ(values_of(dst), (std::vector<double>{2, 3, 0, 9, 5, 6, 0, 9}));
    EXPECT_THROW(ops::copy_columns(src, 2, dst, 0, 2), std::invalid_argument);
    EXPECT_THROW(ops::copy_columns(src, 0, dst, 2, 3), std::invalid_argument);
  }
}

TEST(RotateRows, TakesEachFromBehind) {
  const Tensor src = tensor_of({3, 2}, {1, 2, 3, 4, 5, 6}, DType::float32, Device::cpu);
  Tensor dst = src.clone();
  ops::rotate_rows(src, 1, dst);
  EXPECT_EQ(values_of(dst), (std::vector<double>{3, 4, 5, 6, 1, 2}));
  ops::rotate_rows(src, 0, dst);
  EXPECT_EQ(values_of(dst), values_of(src));
  EXPECT_THROW(ops::rotate_rows(src, 4, dst), std::invalid_argument);
}

TEST(Standardize, HasMeanZeroAndDeviationOneAndTheRightDerivative) {
  for (const Axes axes : {over_channels, all_but_channels, Axes{1, 4}}) {
    Standardized small(axes, {2, 2, 3, 4}, DType::float64, Device::reference);
    const std::vector<double> expected = numeric_derivative(small.src, [&] {
      small.forward();
      return inner_product(small.dst, small.d_dst);
    });
    small.forward();
    small.backward();
    EXPECT_LT(relative_error(values_of(small.d_src), expected), 1e-8);
  }
  const Tensor x = tensor_of({1, 2}, {1, 3}, DType::float64, Device::reference);
  Tensor y = x.clone(), mean({1, 1}, DType::float64, Device::reference), deviation = mean.clone();
  ops::standardize(x, over_channels, 0.0625, y, mean, deviation);
  const double spread = 1.0307764064044151;  // sqrt(1 + 1/16)
  EXPECT_THAT(values_of(mean), ::testing::ElementsAre(2));
  EXPECT_LT(relative_error(values_of(deviation), {spread}), 1e-12);
  EXPECT_LT(relative_error(values_of(y), {-1 / spread, 1 / spread}), 1e-12);
}

TEST(MatrixProduct, EqualsReferenceAsItIsAndTransposed) {
  for (const bool a_transposed : {false, true}) {
    for (const bool b_transposed : {false, true}) {
      const auto on = [&](Device device) {
        const Tensor a = random_tensor(a_transposed ? Shape{17, 5} : Shape{5, 17}, DType::float32, device, 1);
        const Tensor b = random_tensor(b_transposed ? Shape{9, 17} : Shape{17, 9}, DType::float32, device, 2);
        Tensor product = poisoned({5, 9}, DType::float32, device);
        ops::matrix_product(a, a_transposed, b, b_transposed, product);
        return product;
      };
      EXPECT_LT(relative_error(on(Device::cpu), on(Device::reference)), 1e-5);
    }
  }
}

TEST(Elementwise, RefusesWhatDoesNotFit) {
  Tensor x({2, 3, 4, 5}, DType::float32, Device::cpu);
  const auto combined = [&](const Shape& shape) {
    const Tensor other(shape, DType::float32, Device::cpu);
    ops::combine(x, Combination::add, other, x);
  };
  EXPECT_THROW(combined({2, 3, 4}), std::invalid_argument);
  EXPECT_THROW(combined({1, 3, 1, 5}), std::invalid_argument) << "two runs of axes";
  EXPECT_THROW(combined({2, 3, 4, 2}), std::invalid_argument);
  Tensor wrong({2, 1, 1, 4}, DType::float32, Device::cpu);
  EXPECT_THROW(ops::reduce(Reduction::sum, x, over_positions, wrong), std::invalid_argument);
  EXPECT_THROW(ops::reduced(x.shape(), Axes{2, 2}), std::invalid_argument);
  EXPECT_THROW(ops::require_host(Device::cuda, "me"), std::invalid_argument);
}

}  // namespace
}  // namespace biossl
