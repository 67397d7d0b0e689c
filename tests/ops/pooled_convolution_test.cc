#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
        weights(
            random_tensor({each.outputs, each.conv.kernel, each.conv.kernel, each.src[3]}, master(dtype), device, 2)),
        src(random_tensor(each.src, dtype, device, 3)),
        d_src(poisoned(each.src, dtype, device)),
        d_weights(poisoned(weights.values().shape(), master(dtype), device)) {
    if (each.bias) d_bias = poisoned({each.outputs}, master(dtype), device);
  }
  static DType master(DType dtype) { return dtype == DType::float64 ? dtype : DType::float32; }
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

TEST_P(PooledConvolutionOn, GivesTheSameBytesAgain) {
  const auto& [each, dtype, device] = GetParam();
  Pooled once(each, dtype, device);
  Pooled again(each, dtype, device);
  once.run();
  Pooled(pooled_cases[1], dtype, device).run();  // leaves other numbers in whatever memory is kept
  again.run();
  EXPECT_EQ(values_of(once.d_src), values_of(again.d_src));
  EXPECT_EQ(values_of(once.d_weights), values_of(again.d_weights));
}

INSTANTIATE_TEST_SUITE_P(All, PooledConvolutionOn,
                         ::testing::Combine(::testing::ValuesIn(pooled_cases), ::testing::ValuesIn(activity_types()),
                                            ::testing::ValuesIn(all_devices())),
                         OnDeviceName());

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

TEST(PooledConvolution, TakesNoImages) {
  PooledCase none = pooled_cases[0];
  none.src = {0, 8, 8, 32};
  Pooled call(none, DType::float32, Device::cpu);
  call.run();
  EXPECT_EQ(values_of(call.d_weights), std::vector<double>(static_cast<std::size_t>(call.d_weights.size()), 0.0));
}

}  // namespace
}  // namespace biossl
