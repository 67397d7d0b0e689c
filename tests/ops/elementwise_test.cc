#include "biossl/ops/elementwise.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

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
