// The element by element operations of target propagation.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "biossl/backend/shared/normal.h"
#include "biossl/core/parallel.h"
#include "biossl/ops/ops.h"
#include "tests/support/devices.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using namespace biossl::testing;

const std::vector<Activation> activations{Activation::none, Activation::hardtanh, Activation::tanh, Activation::relu};
const Shape map{3, 5, 7, 37};  // no multiple of a vector

class TargetsOn : public ::testing::TestWithParam<std::tuple<Activation, DType, Device>> {
 protected:
  Activation activation = std::get<0>(GetParam());
  DType dtype = std::get<1>(GetParam());
  Device device = std::get<2>(GetParam());

  Tensor rise_on(Device where, const Tensor& bias, float spread) const {
    const Tensor sums = random_tensor(map, dtype, where, 1);
    Tensor rise = random_tensor(map, dtype, where, 2, spread);
    ops::activation_difference(sums, on(where, bias), activation, rise, rise);
    return rise;
  }
};

TEST_P(TargetsOn, ActivationDifferenceEqualsReference) {
  // What is not tanh loses digits where the outputs nearly cancel, so small rises are its own test below.
  for (const float spread : {0.5F, 5.0F}) {
    for (const Tensor& bias : {Tensor(), random_tensor({37}, DType::float32, Device::reference, 3)}) {
      EXPECT_LT(relative_error(rise_on(device, bias, spread), rise_on(Device::reference, bias, spread)),
                tolerance(dtype));
    }
  }
}

TEST_P(TargetsOn, MeanSquareBackwardEqualsReference) {
  const auto error_on = [&](Device where) {
    Tensor output = random_tensor(map, dtype, where, 1, 0.8F);
    ops::mean_square_backward(output, random_tensor(map, dtype, where, 2), activation, output);
    return output;
  };
  EXPECT_LT(relative_error(error_on(device), error_on(Device::reference)), tolerance(dtype));
}

INSTANTIATE_TEST_SUITE_P(All, TargetsOn,
                         ::testing::Combine(::testing::ValuesIn(activations), ::testing::ValuesIn(activity_types()),
                                            ::testing::ValuesIn(compared_devices())));

// A rise of a millionth: subtracting the outputs in float32 would leave one digit, in bfloat16 none.
TEST(ActivationDifference, OfTanhKeepsTheDigitsOfASmallRise) {
  for (const DType dtype : activity_types()) {
    const Tensor sums = random_tensor(map, dtype, Device::cpu, 1);
    Tensor rise = random_tensor(map, dtype, Device::cpu, 2, 1e-6F);
    std::vector<double> expected = values_of(rise);
    const std::vector<double> z = values_of(sums);
    for (std::size_t i = 0; i < z.size(); ++i) expected[i] = std::tanh(z[i] + expected[i]) - std::tanh(z[i]);
    ops::activation_difference(sums, {}, Activation::tanh, rise, rise);
    EXPECT_LT(relative_error(values_of(rise), expected), tolerance(dtype)) << name_of(dtype);
  }
}

TEST(ActivationDifference, IsRightWhereTanhIsSaturated) {
  for (const Device device : all_devices()) {
    const Tensor sums = tensor_of({1, 4}, {20, -20, 20, -20}, DType::float32, device);
    Tensor rise = tensor_of({1, 4}, {-40, 40, -1, 1}, DType::float32, device);
    ops::activation_difference(sums, {}, Activation::tanh, rise, rise);
    EXPECT_LT(relative_error(values_of(rise), {-2, 2, 0, 0}), 1e-6) << name_of(device);
  }
}

TEST(MeanSquareBackward, IsTheNumericDerivative) {
  for (const Activation activation : activations) {
    const Weights identity(tensor_of({1, 1, 1, 1}, {1}, DType::float64, Device::reference));
    Tensor sums = random_tensor({40, 1, 1, 1}, DType::float64, Device::reference, 1);
    const Tensor target = random_tensor({40, 1, 1, 1}, DType::float64, Device::reference, 2);
    Tensor output = poisoned(sums.shape(), DType::float64, Device::reference);
    const auto loss = [&] {
      ops::conv2d_forward(sums, identity, {}, {1, 1, 0}, activation, output);
      double sum = 0;
      for (std::size_t i = 0; i < 40; ++i) sum += std::pow(values_of(output)[i] - values_of(target)[i], 2) / 40;
      return sum;
    };
    const std::vector<double> expected = numeric_derivative(sums, loss);
    loss();
    ops::mean_square_backward(output, target, activation, output);
    EXPECT_LT(relative_error(values_of(output), expected), 1e-8) << name_of(activation);
  }
}

TEST(Scale, MultipliesEveryElement) {
  for (const Device device : all_devices()) {
    for (const DType dtype : activity_types()) {
      Tensor values = random_tensor(map, dtype, device, 1);
      std::vector<double> expected = values_of(values);
      for (double& value : expected) value *= -0.3;
      ops::scale(values, -0.3, values);
      EXPECT_LT(relative_error(values_of(values), expected), tolerance(dtype));
      for (double& value : expected) value = 2.5 * value + 0.7;
      ops::scale(values, 2.5, values, 0.7);
      EXPECT_LT(relative_error(values_of(values), expected), tolerance(dtype));
    }
  }
}

TEST(Noise, FastPairsAreTheExactOnes) {
  const std::vector<std::uint32_t> corners{0U,          1U,          255U,        256U,        0x1FFFFFFFU, 0x20000000U,
                                           0x3FFFFFFFU, 0x40000000U, 0x7FFFFFFFU, 0x80000000U, 0xA0000000U, 0xC0000000U,
                                           0xDFFFFFFFU, 0xE0000000U, 0xFFFFFEFFU, 0xFFFFFF00U, 0xFFFFFFFFU};
  Random random(1, Purpose::sample);
  std::vector<std::uint32_t> words = corners;
  for (int i = 0; i < 300; ++i) words.push_back(random.word());
  for (const std::uint32_t radius : words) {
    for (const std::uint32_t angle : words) {
      const auto [x, y] = shared::exact_normal_pair(radius, angle);
      const auto [fast_x, fast_y] = shared::normal_pair(radius, angle);
      const double tolerated = 2e-6 * std::hypot(x, y) + 1e-12;
      ASSERT_NEAR(static_cast<double>(fast_x), x, tolerated) << radius << " " << angle;
      ASSERT_NEAR(static_cast<double>(fast_y), y, tolerated) << radius << " " << angle;
    }
  }
}

Tensor noise_of(const Random& stream, const Shape& shape, DType dtype, Device device) {
  Tensor noise(shape, dtype, device);
  ops::add_noise(stream, 1.0, noise, noise);
  return noise;
}

TEST(Noise, IsTheSameOnEveryDevice) {
  const Random stream(5, Purpose::noise, 2, 3, 1);
  for (const DType dtype : activity_types()) {
    for (const Shape& shape : {Shape{1}, Shape{63}, Shape{64}, Shape{3, 5, 7, 37}, Shape{40001}}) {
      EXPECT_LT(relative_error(noise_of(stream, shape, dtype, Device::cpu),
                               noise_of(stream, shape, dtype, Device::reference)),
                dtype == DType::float32 ? 2e-6 : tolerance(dtype));
    }
  }
}

TEST(Noise, DoesNotDependOnThreadsNorOnHowMuchIsDrawn) {
  const Random stream(5, Purpose::noise);
  const int before = threads();
  set_threads(1);
  const std::vector<double> one = values_of(noise_of(stream, {50000}, DType::float32, Device::cpu));
  set_threads(3);
  const std::vector<double> three = values_of(noise_of(stream, {50000}, DType::float32, Device::cpu));
  std::vector<double> longer = values_of(noise_of(stream, {70001}, DType::float32, Device::cpu));
  set_threads(before);
  longer.resize(50000);
  EXPECT_EQ(one, three);
  EXPECT_EQ(one, longer);
}

TEST(Noise, FollowsItsStreamAndIsAddedInProportion) {
  for (const Device device : all_devices()) {
    const Tensor src = random_tensor({1000}, DType::float32, device, 1);
    const Random stream(5, Purpose::noise, 0, 0, 1);
    const std::vector<double> noise = values_of(noise_of(stream, {1000}, DType::float32, device));
    EXPECT_NE(noise, values_of(noise_of(Random(5, Purpose::noise, 0, 0, 2), {1000}, DType::float32, device)));
    EXPECT_NE(noise, values_of(noise_of(Random(6, Purpose::noise, 0, 0, 1), {1000}, DType::float32, device)));
    std::vector<double> expected = values_of(src);
    for (std::size_t i = 0; i < expected.size(); ++i) expected[i] += 0.3 * noise[i];
    Tensor noisy = poisoned({1000}, DType::float32, device);
    ops::add_noise(stream, 0.3, src, noisy);
    EXPECT_LT(relative_error(values_of(noisy), expected), 1e-6);
    ops::add_noise(stream, 0.0, src, noisy);
    EXPECT_EQ(values_of(noisy), values_of(src));
  }
}

// Moments, tails and independence of a million numbers. Deviations of five standard errors would fail.
TEST(Noise, IsStandardNormal) {
  constexpr std::int64_t count = 1 << 20;
  const std::vector<double> z = values_of(noise_of(Random(7, Purpose::noise), {count}, DType::float32, Device::cpu));
  const auto mean_of = [&](const auto& f) {
    double sum = 0;
    for (std::size_t i = 0; i + 3 < z.size(); ++i) sum += f(i);
    return sum / static_cast<double>(z.size() - 3);
  };
  const double error = 5.0 / std::sqrt(static_cast<double>(count));
  EXPECT_NEAR(mean_of([&](std::size_t i) { return z[i]; }), 0.0, error);
  EXPECT_NEAR(mean_of([&](std::size_t i) { return z[i] * z[i]; }), 1.0, error * std::sqrt(2.0));
  EXPECT_NEAR(mean_of([&](std::size_t i) { return std::pow(z[i], 3); }), 0.0, error * std::sqrt(15.0));
  EXPECT_NEAR(mean_of([&](std::size_t i) { return std::pow(z[i], 4); }), 3.0, error * std::sqrt(96.0));
  for (std::size_t lag = 1; lag <= 3; ++lag) {
    EXPECT_NEAR(mean_of([&](std::size_t i) { return z[i] * z[i + lag]; }), 0.0, error) << lag;
    EXPECT_NEAR(mean_of([&](std::size_t i) { return z[i] * z[i] * z[i + lag] * z[i + lag]; }), 1.0, error * 3) << lag;
  }
  for (const double bound : {0.5, 1.0, 2.0, 3.0, 4.0}) {
    const double expected = std::erfc(bound / std::sqrt(2.0)) / 2;
    const auto above = std::count_if(z.begin(), z.end(), [&](double value) { return value > bound; });
    EXPECT_NEAR(static_cast<double>(above) / count, expected, error * std::sqrt(expected)) << bound;
  }
}

TEST(TargetArguments, AreChecked) {
  const auto floats = [](const Shape& shape) { return Tensor(shape, DType::float32, Device::reference); };
  const auto starts = [](const char* message) {
    return ::testing::ThrowsMessage<std::invalid_argument>(::testing::StartsWith(message));
  };
  Tensor dst = floats({2, 3});
  EXPECT_THAT(
      [&] {
        ops::activation_difference(floats({2, 3}), floats({2}), Activation::tanh, dst, dst);
      },
      starts("[activation_difference] bias is (2), expected (3)"));
  EXPECT_THAT(
      [&] {
        ops::activation_difference(floats({2, 3}), {}, Activation::tanh, floats({2, 4}), dst);
      },
      starts("[activation_difference] rise is (2, 4), expected (2, 3)"));
  EXPECT_THAT([&] { ops::mean_square_backward(dst, {}, Activation::tanh, dst); },
              starts("[mean_square_backward] target is empty"));
  EXPECT_THAT([&] { ops::scale(floats({3, 2}), 1.0, dst); }, starts("[scale] dst is (2, 3), expected (3, 2)"));
  EXPECT_THAT([&] { ops::add_noise(Random(1, Purpose::noise), -1.0, dst, dst); }, starts("[add_noise] a spread of -1"));
}

}  // namespace
}  // namespace biossl
