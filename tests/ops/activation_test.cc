#include <gtest/gtest.h>

#include "biossl/ops/ops.h"
#include "tests/support/devices.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using namespace biossl::testing;

struct ActivationCase {
  std::string name;
  Activation activation;
  Shape shape;
};

std::vector<ActivationCase> activation_cases() {
  std::vector<ActivationCase> all;
  for (const Activation activation : {Activation::none, Activation::hardtanh, Activation::tanh, Activation::relu}) {
    all.push_back({fmt::format("{}_map", name_of(activation)), activation, {2, 3, 5, 7}});
    all.push_back({fmt::format("{}_rows", name_of(activation)), activation, {5, 64}});
  }
  return all;
}

/// activation(x), by way of a layer that passes its one input on.
Tensor activated(const Tensor& x, Activation activation) {
  const Weights identity(tensor_of({1, 1, 1, 1}, {1}, x.dtype(), x.device()));
  const Tensor column = x.reshaped({x.size(), 1, 1, 1});
  Tensor dst(column.shape(), x.dtype(), x.device());
  ops::conv2d_forward(column, identity, {}, {1, 1, 0}, activation, dst);
  return dst.reshaped(x.shape());
}

class ActivationOn : public ::testing::TestWithParam<OnDevice<ActivationCase>> {};

TEST_P(ActivationOn, BackwardEqualsReference) {
  const auto& [each, dtype, device] = GetParam();
  const Tensor x = random_tensor(each.shape, DType::float64, Device::reference, 1);
  const Tensor output = activated(x, each.activation);
  Tensor dst(each.shape, dtype, Device::reference);
  ops::convert(output, dst);
  const Tensor d_dst = random_tensor(each.shape, dtype, Device::reference, 2);
  Tensor expected = poisoned(each.shape, dtype, Device::reference);
  ops::activation_backward(d_dst, dst, each.activation, expected);
  Tensor ours = poisoned(each.shape, dtype, device);
  ops::activation_backward(on(device, d_dst), on(device, dst), each.activation, ours);
  EXPECT_LT(relative_error(ours, expected), tolerance(dtype));
  Tensor in_place = on(device, d_dst).clone();
  ops::activation_backward(in_place, on(device, dst), each.activation, in_place);
  EXPECT_LT(relative_error(in_place, expected), tolerance(dtype));
}

INSTANTIATE_TEST_SUITE_P(All, ActivationOn,
                         ::testing::Combine(::testing::ValuesIn(activation_cases()),
                                            ::testing::ValuesIn(activity_types()),
                                            ::testing::ValuesIn(compared_devices())),
                         OnDeviceName());

class ActivationNumeric : public ::testing::TestWithParam<Activation> {};

TEST_P(ActivationNumeric, DerivativeIsRight) {
  Tensor x = random_tensor({40}, DType::float64, Device::reference, 3);
  const Tensor d_dst = random_tensor({40}, DType::float64, Device::reference, 4);
  const std::vector<double> expected =
      numeric_derivative(x, [&] { return inner_product(activated(x, GetParam()), d_dst); });
  Tensor d_src = poisoned({40}, DType::float64, Device::reference);
  ops::activation_backward(d_dst, activated(x, GetParam()), GetParam(), d_src);
  EXPECT_LT(relative_error(values_of(d_src), expected), 1e-8);
}

INSTANTIATE_TEST_SUITE_P(All, ActivationNumeric,
                         ::testing::Values(Activation::none, Activation::hardtanh, Activation::tanh, Activation::relu),
                         ActivationName());

class ActivationDevice : public ::testing::TestWithParam<Device> {};

// Where the output sits on the bound, nothing passes.
TEST_P(ActivationDevice, HardtanhIsFlatAtItsBounds) {
  const Tensor dst = tensor_of({5}, {-1, -0.5, 0, 0.5, 1}, DType::float32, GetParam());
  const Tensor d_dst = tensor_of({5}, {1, 2, 3, 4, 5}, DType::float32, GetParam());
  Tensor d_src = poisoned({5}, DType::float32, GetParam());
  ops::activation_backward(d_dst, dst, Activation::hardtanh, d_src);
  EXPECT_EQ(values_of(d_src), (std::vector<double>{0, 2, 3, 4, 0}));
}

INSTANTIATE_TEST_SUITE_P(All, ActivationDevice, ::testing::ValuesIn(all_devices()), DeviceName());

}  // namespace
}  // namespace biossl
