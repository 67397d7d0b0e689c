#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <span>

#include "biossl/core/parallel.h"
#include "biossl/ops/ops.h"
#include "tests/support/devices.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using namespace biossl::testing;

struct PooledCase {
  const char* name;
  Shape src;
  std::int64_t outputs;
  Conv2d conv = {};
  std::int64_t window = 2;
  bool bias = false;

  Shape pooled() const {
    return {src[0], conv.output_height(src[1]) / window, conv.output_width(src[2]) / window, outputs};
  }
  Shape unpooled() const { return {src[0], conv.output_height(src[1]), conv.output_width(src[2]), outputs}; }
};

const std::vector<PooledCase> pooled_cases = {
    {"one_plane", {3, 8, 8, 32}, 32},
    {"two_planes", {5, 16, 12, 64}, 20, {}, 2, true},
    {"many_outputs", {2, 4, 6, 32}, 67},
    {"odd_edges", {3, 7, 9, 64}, 9},
    {"odd_map", {2, 7, 7, 32}, 48, {}, 2, true},
    {"ten_columns", {2, 12, 10, 64}, 128},
    {"many_tiles", {9, 20, 20, 16}, 64},
    {"few_more_channels", {2, 8, 8, 16}, 48},
    {"high_map", {1, 32, 32, 32}, 8},
    {"one_image", {1, 2, 2, 96}, 3, {}, 2, true},
    {"odd_channels", {2, 6, 6, 19}, 7, {}, 2, true},
    {"window_3", {2, 9, 9, 32}, 8, {}, 3},
    {"kernel_1", {2, 8, 8, 32}, 8, {1, 1, 0}},
    {"stride_2", {2, 8, 8, 32}, 8, {3, 2, 1}},
};

/// The arguments of both operations, from the same random numbers on every device.
struct Pooled {
  PooledCase each;
  PooledError error;
  Weights weights;
  Tensor src, d_src, d_weights, d_bias;

  Pooled(const PooledCase& pooled, DType dtype, Device device)
      : each(pooled),
        error(random_tensor(each.pooled(), dtype, device, 1), winners(device), each.window,
              poisoned({each.unpooled().size()}, dtype, device)),
        weights(random_tensor({each.outputs, each.conv.kernel, each.conv.kernel, each.src[3]}, master_type(dtype),
                              device, 2)),
        src(random_tensor(each.src, dtype, device, 3)),
        d_src(poisoned(each.src, dtype, device)),
        d_weights(poisoned(weights.values().shape(), master_type(dtype), device)) {
    if (each.bias) d_bias = poisoned({each.outputs}, master_type(dtype), device);
  }
  Tensor winners(Device device) const {
    std::vector<std::uint8_t> which(static_cast<std::size_t>(each.pooled().size()));
    Random random(1, Purpose::sample);
    for (std::uint8_t& place : which) {
      place = static_cast<std::uint8_t>(random.below(static_cast<std::uint32_t>(each.window * each.window)));
    }
    return bytes_of(each.pooled(), which, device);
  }
  /// The errors spread over their windows.
  Tensor spread() const {
    Tensor all = poisoned(each.unpooled(), error.values.dtype(), error.values.device());
    ops::max_pool_backward(error.values, error.values, error.argmax, each.window, Activation::none, all);
    return all;
  }
  void run() {
    ops::conv2d_backward_data(error, weights, each.conv, d_src);
    ops::conv2d_backward_weights(src, error, each.conv, d_weights, d_bias);
  }
};

class PooledConvolutionOn : public ComputesOnDevice<PooledCase> {};

TEST_P(PooledConvolutionOn, EqualsTheConvolutionOfTheSpreadErrors) {
  const auto& [each, dtype, device] = GetParam();
  Pooled ours(each, dtype, device);
  Pooled dense(each, dtype, Device::reference);
  ours.run();
  const Tensor spread = dense.spread();
  ops::conv2d_backward_data(spread, dense.weights, each.conv, dense.d_src);
  ops::conv2d_backward_weights(dense.src, spread, each.conv, dense.d_weights, dense.d_bias);
  EXPECT_LT(relative_error(ours.d_src, dense.d_src), tolerance(dtype));
  EXPECT_LT(relative_error(ours.d_weights, dense.d_weights),
            tolerance(DType::float32) * (dtype == DType::float32 ? 1 : 1000));
  EXPECT_LT(relative_error(ours.d_bias, dense.d_bias), tolerance(dtype));
}

class PooledConvolutionsOn : public ::testing::TestWithParam<std::tuple<DType, Device>> {
 protected:
  void SetUp() override { skip_unless_computed(std::get<Device>(GetParam()), std::get<DType>(GetParam())); }
};

// Memory that is kept between calls then holds what another case left there.
TEST_P(PooledConvolutionsOn, GiveTheSameBytesInReverseOrder) {
  const auto& [dtype, device] = GetParam();
  std::vector<std::pair<std::vector<double>, std::vector<double>>> gradients;
  for (const PooledCase& each : pooled_cases) {
    Pooled once(each, dtype, device);
    once.run();
    gradients.emplace_back(values_of(once.d_src), values_of(once.d_weights));
  }
  for (std::size_t index = pooled_cases.size(); index-- > 0;) {
    Pooled again(pooled_cases[index], dtype, device);
    again.run();
    EXPECT_EQ(values_of(again.d_src), gradients[index].first) << pooled_cases[index].name;
    EXPECT_EQ(values_of(again.d_weights), gradients[index].second) << pooled_cases[index].name;
  }
}

/// A convolution and its pool: in one operation, or in two.
struct PooledForward {
  PooledCase each;
  Tensor src, bias, unpooled, dst, argmax;
  Weights weights;

  PooledForward(const PooledCase& pooled, DType dtype, Device device)
      : each(pooled),
        src(random_tensor(each.src, dtype, device, 3)),
        unpooled(poisoned(each.unpooled(), dtype, device)),
        dst(poisoned(each.pooled(), dtype, device)),
        argmax(poisoned(each.pooled(), DType::uint8, device)),
        weights(random_tensor({each.outputs, each.conv.kernel, each.conv.kernel, each.src[3]}, master_type(dtype),
                              device, 2)) {
    if (each.bias) bias = random_tensor({each.outputs}, master_type(dtype), device, 4);
  }
  void run(Activation activation) {
    ops::conv2d_pooled_forward(src, weights, bias, each.conv, each.window, activation, unpooled, dst, argmax);
  }
  void run_apart(Activation activation) {
    ops::conv2d_forward(src, weights, bias, each.conv, Activation::none, unpooled);
    ops::max_pool_forward(unpooled, each.window, activation, dst, argmax);
  }
};

constexpr Activation activations[] = {Activation::none, Activation::relu, Activation::hardtanh, Activation::tanh};

TEST_P(PooledConvolutionOn, ForwardEqualsTheConvolutionAndThePool) {
  const auto& [each, dtype, device] = GetParam();
  const Activation one[] = {Activation::relu};
  for (const Activation activation : is_simulated(device) ? std::span<const Activation>(one) : activations) {
    PooledForward ours(each, dtype, device);
    PooledForward apart(each, dtype, device);
    PooledForward reference(each, dtype, Device::reference);
    ours.run(activation);
    apart.run_apart(activation);
    reference.run_apart(activation);
    EXPECT_EQ(values_of(ours.dst), values_of(apart.dst)) << name_of(activation);
    EXPECT_EQ(values_of(ours.argmax), values_of(apart.argmax)) << name_of(activation);
    EXPECT_LT(relative_error(ours.dst, reference.dst), tolerance(dtype)) << name_of(activation);
  }
}

// A run that diverges must be noticed.
TEST(PooledConvolution, KeepsNaNAsThePoolDoes) {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  const auto bits = [](const Tensor& tensor) {
    std::vector<std::uint32_t> all;
    for (const float value : tensor.span<float>()) all.push_back(std::bit_cast<std::uint32_t>(value));
    return all;
  };
  for (const Activation activation : activations) {
    PooledForward ours({"", {2, 8, 8, 32}, 32}, DType::float32, Device::cpu);
    PooledForward apart({"", {2, 8, 8, 32}, 32}, DType::float32, Device::cpu);
    for (PooledForward* call : {&ours, &apart}) call->src.data<float>()[5 * 32] = nan;
    ours.run(activation);
    apart.run_apart(activation);
    EXPECT_TRUE(std::ranges::any_of(values_of(ours.dst), [](double value) { return std::isnan(value); }));
    EXPECT_EQ(bits(ours.dst), bits(apart.dst)) << name_of(activation);
    EXPECT_EQ(values_of(ours.argmax), values_of(apart.argmax)) << name_of(activation);
  }
}

INSTANTIATE_TEST_SUITE_P(All, PooledConvolutionOn,
                         ::testing::Combine(::testing::ValuesIn(pooled_cases), ::testing::ValuesIn(activity_types()),
                                            ::testing::ValuesIn(all_devices())),
                         OnDeviceName());
INSTANTIATE_TEST_SUITE_P(All, PooledConvolutionsOn,
                         ::testing::Combine(::testing::ValuesIn(activity_types()), ::testing::ValuesIn(all_devices())));

TEST(PooledConvolution, ChecksItsArguments) {
  Pooled call(pooled_cases[0], DType::float32, Device::cpu);
  call.error.scratch = Tensor({5}, DType::float32, Device::cpu);
  EXPECT_THAT([&] { call.run(); }, ::testing::ThrowsMessage<std::invalid_argument>(::testing::StartsWith(
                                       "[conv2d_backward_data] scratch holds 5 numbers, 6144 are needed")));
  Pooled other(pooled_cases[0], DType::float32, Device::cpu);
  other.error.window = 3;
  EXPECT_THAT([&] { other.run(); }, ::testing::ThrowsMessage<std::invalid_argument>(
                                        ::testing::StartsWith("[conv2d_backward_data] values is")));
}

TEST(PooledConvolution, ForwardChecksItsArguments) {
  const auto message = [](const auto& change) {
    PooledForward call(pooled_cases[0], DType::float32, Device::cpu);
    change(call);
    try {
      call.run(Activation::none);
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(message([](PooledForward& call) { call.unpooled = call.src.rows(0, 2); }),
            "[conv2d_pooled_forward] unpooled is (2, 8, 8, 32), expected (3, 8, 8, 32)");
  EXPECT_EQ(message([](PooledForward& call) { call.each.window = 3; }),
            "[conv2d_pooled_forward] dst is (3, 4, 4, 32), expected (3, 2, 2, 32)");
  EXPECT_EQ(message([](PooledForward& call) { call.argmax = call.argmax.rows(0, 2); }),
            "[conv2d_pooled_forward] argmax is (2, 4, 4, 32), expected (3, 4, 4, 32)");
  EXPECT_EQ(message([](PooledForward& call) { call.dst = call.src.part(4608, call.dst.shape()); }),
            "[conv2d_pooled_forward] src and dst lie in the same memory");
  const Tensor memory({1 << 16}, DType::uint8, Device::cpu);
  EXPECT_EQ(message([&](PooledForward& call) {
              call.src = memory.carve(0, call.src.shape(), DType::float32);
              call.argmax = memory.carve(0, call.argmax.shape(), DType::uint8);
            }),
            "[conv2d_pooled_forward] src and argmax lie in the same memory");
}

TEST(PooledConvolution, TakesNoImages) {
  PooledCase none = pooled_cases[0];
  none.src = {0, 8, 8, 32};
  PooledForward(none, DType::float32, Device::cpu).run(Activation::relu);
  Pooled call(none, DType::float32, Device::cpu);
  call.run();
  EXPECT_EQ(values_of(call.d_weights), std::vector<double>(static_cast<std::size_t>(call.d_weights.size()), 0.0));
}

}  // namespace
}  // namespace biossl
