#include <gtest/gtest.h>

#include "biossl/ops/ops.h"
#include "tests/support/devices.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using namespace biossl::testing;

struct PoolingCase {
  const char* name;
  Shape src;
  std::int64_t window;
  Activation activation;

  Shape dst() const { return {src[0], src[1] / window, src[2] / window, src[3]}; }
};

/// The arguments of the pooling operations, from the same random numbers on every device.
struct Pooling {
  PoolingCase each;
  Tensor src, d_dst, dst, argmax, d_src;

  Pooling(const PoolingCase& pooling, DType dtype, Device device)
      : each(pooling),
        src(random_tensor(each.src, dtype, device, 1)),
        d_dst(random_tensor(each.dst(), dtype, device, 2)),
        dst(poisoned(each.dst(), dtype, device)),
        argmax(poisoned(each.dst(), DType::uint8, device)),
        d_src(poisoned(each.src, dtype, device)) {}

  void max_forward() { ops::max_pool_forward(src, each.window, each.activation, dst, argmax); }
  void max_backward() { ops::max_pool_backward(d_dst, dst, argmax, each.window, each.activation, d_src); }
  void average_forward() { ops::average_pool_forward(src, each.window, dst); }
  void average_backward() { ops::average_pool_backward(d_dst, each.window, d_src); }
};

const std::vector<PoolingCase> pooling_cases = {
    {"even", {2, 8, 8, 32}, 2, Activation::none},         {"odd_edges", {3, 7, 9, 16}, 2, Activation::hardtanh},
    {"odd_channels", {2, 4, 6, 19}, 2, Activation::tanh}, {"one_image", {1, 6, 6, 3}, 2, Activation::relu},
    {"window_3", {2, 7, 8, 5}, 3, Activation::hardtanh},  {"window_4", {2, 4, 8, 64}, 4, Activation::none},
    {"window_1", {2, 3, 3, 8}, 1, Activation::hardtanh},
};

class PoolingOn : public ::testing::TestWithParam<OnDevice<PoolingCase>> {
 protected:
  DType dtype = std::get<1>(GetParam());
  Pooling ours{std::get<0>(GetParam()), dtype, std::get<2>(GetParam())};
  Pooling reference{std::get<0>(GetParam()), dtype, Device::reference};
};

TEST_P(PoolingOn, MaxEqualsReference) {
  ours.max_forward();
  reference.max_forward();
  EXPECT_LT(relative_error(ours.dst, reference.dst), tolerance(dtype));
  EXPECT_EQ(values_of(ours.argmax), values_of(reference.argmax));
}

TEST_P(PoolingOn, MaxBackwardEqualsReference) {
  reference.max_forward();
  ours.dst = on(ours.src.device(), reference.dst);
  ours.argmax = on(ours.src.device(), reference.argmax);
  ours.max_backward();
  reference.max_backward();
  EXPECT_LT(relative_error(ours.d_src, reference.d_src), tolerance(dtype));
}

TEST_P(PoolingOn, AverageEqualsReference) {
  ours.average_forward();
  reference.average_forward();
  EXPECT_LT(relative_error(ours.dst, reference.dst), tolerance(dtype));
}

TEST_P(PoolingOn, AverageBackwardEqualsReference) {
  ours.average_backward();
  reference.average_backward();
  EXPECT_LT(relative_error(ours.d_src, reference.d_src), tolerance(dtype));
}

INSTANTIATE_TEST_SUITE_P(All, PoolingOn,
                         ::testing::Combine(::testing::ValuesIn(pooling_cases), ::testing::ValuesIn(activity_types()),
                                            ::testing::ValuesIn(compared_devices())),
                         OnDeviceName());

class PoolingDevice : public ::testing::TestWithParam<Device> {};

// All elements of a window may be equal, as where a hardtanh came before; the first one then gets the error.
TEST_P(PoolingDevice, FirstOfEqualsWins) {
  const Tensor src = tensor_of({1, 2, 4, 1}, {1, 1, -3, 2, 1, 1, 2, 2}, DType::float32, GetParam());
  Tensor dst = poisoned({1, 1, 2, 1}, DType::float32, GetParam());
  Tensor argmax = poisoned({1, 1, 2, 1}, DType::uint8, GetParam());
  Tensor d_src = poisoned({1, 2, 4, 1}, DType::float32, GetParam());
  ops::max_pool_forward(src, 2, Activation::none, dst, argmax);
  EXPECT_EQ(values_of(dst), (std::vector<double>{1, 2}));
  EXPECT_EQ(values_of(argmax), (std::vector<double>{0, 1}));
  ops::max_pool_backward(tensor_of({1, 1, 2, 1}, {5, 7}, DType::float32, GetParam()), dst, argmax, 2, Activation::none,
                         d_src);
  EXPECT_EQ(values_of(d_src), (std::vector<double>{5, 0, 0, 7, 0, 0, 0, 0}));
}

INSTANTIATE_TEST_SUITE_P(All, PoolingDevice, ::testing::ValuesIn(all_devices()), DeviceName());

class PoolingNumeric : public ::testing::TestWithParam<Activation> {};

TEST_P(PoolingNumeric, DerivativesAreRight) {
  Pooling pooling({"numeric", {2, 5, 4, 3}, 2, GetParam()}, DType::float64, Device::reference);
  const std::vector<double> by_max = numeric_derivative(pooling.src, [&] {
    pooling.max_forward();
    return inner_product(pooling.dst, pooling.d_dst);
  });
  pooling.max_forward();
  pooling.max_backward();
  EXPECT_LT(relative_error(values_of(pooling.d_src), by_max), 1e-8);
  const std::vector<double> by_average = numeric_derivative(pooling.src, [&] {
    pooling.average_forward();
    return inner_product(pooling.dst, pooling.d_dst);
  });
  pooling.average_backward();
  EXPECT_LT(relative_error(values_of(pooling.d_src), by_average), 1e-8);
}

INSTANTIATE_TEST_SUITE_P(All, PoolingNumeric,
                         ::testing::Values(Activation::none, Activation::hardtanh, Activation::tanh, Activation::relu),
                         ActivationName());

}  // namespace
}  // namespace biossl
