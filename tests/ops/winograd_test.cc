#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

#include "biossl/backend/cpu/layer_recorder.h"
#include "biossl/core/parallel.h"
#include "biossl/ops/ops.h"
#include "tests/support/devices.h"
#include "tests/support/tensors.h"

// That Winograd's convolutions are right is shown in convolution_test.cc. Here: that they are used, how exact they are,
// and what they depend on.
namespace biossl {
namespace {

using namespace biossl::testing;

constexpr Conv2d usual{3, 1, 1};

struct Maps {
  Tensor src;
  Weights weights;
  Tensor dst;

  Maps(const Shape& shape, std::int64_t outputs, Device device = Device::cpu, DType dtype = DType::float32)
      : src(random_tensor(shape, dtype, device, 1)),
        weights(random_tensor({outputs, 3, 3, shape[3]}, master_type(dtype), device, 2, 0.1F)),
        dst(poisoned({shape[0], shape[1], shape[2], outputs}, dtype, device)) {}
  std::vector<double> forward(Activation activation = Activation::none) {
    ops::conv2d_forward(src, weights, {}, usual, activation, dst);
    return values_of(dst);
  }
  std::vector<double> update() {
    Tensor d_weights = poisoned(weights.values().shape(), weights.values().dtype(), src.device());
    Tensor no_bias;
    ops::conv2d_backward_weights(src, dst, usual, d_weights, no_bias);
    return values_of(d_weights);
  }
  std::vector<double> backward() {
    ops::conv2d_backward_data(dst, weights, usual, src);
    return values_of(src);
  }
};

// A recorder has the library compute, as a step's floor is measured.
TEST(Winograd, IsUsedWhereItSuits) {
  const auto differs = [](const Shape& shape, std::int64_t outputs) {
    Maps maps(shape, outputs);
    const std::vector<double> forward = maps.forward();
    const std::vector<double> update = maps.update();
    const cpu::LayerRecorder recorder;
    const bool other = maps.update() != update;
    EXPECT_EQ(maps.forward() != forward, other) << "all passes, or none";
    return other;
  };
  EXPECT_TRUE(differs({2, 8, 8, 32}, 64));
  EXPECT_TRUE(differs({1, 7, 7, 16}, 16));
  EXPECT_FALSE(differs({2, 8, 8, 3}, 64)) << "few inputs";
  EXPECT_FALSE(differs({2, 8, 8, 32}, 8)) << "few outputs";
  EXPECT_FALSE(differs({2, 8, 8, 32}, 67)) << "outputs that fill no registers";
  EXPECT_FALSE(differs({2, 5, 5, 32}, 64)) << "most of a tile would be thrown away";
}

// Maps before a pool, and of the errors below it, are neither written nor read.
TEST(Winograd, NeedsNoMapBesideAPool) {
  Maps maps({2, 8, 8, 32}, 64);
  const auto is_untouched = [&] {
    return std::ranges::all_of(values_of(maps.dst), [](double value) { return std::isnan(value); });
  };
  Tensor pooled({2, 4, 4, 64}, DType::float32, Device::cpu);
  Tensor argmax(pooled.shape(), DType::uint8, Device::cpu);
  ops::conv2d_pooled_forward(maps.src, maps.weights, {}, usual, 2, Activation::relu, maps.dst, pooled, argmax);
  EXPECT_TRUE(is_untouched());
  const PooledError error(pooled, argmax, 2, maps.dst.reshaped({maps.dst.size()}));
  Tensor d_weights = poisoned(maps.weights.values().shape(), DType::float32, Device::cpu);
  Tensor no_bias;
  ops::conv2d_backward_weights(maps.src, error, usual, d_weights, no_bias);
  ops::conv2d_backward_data(error, maps.weights, usual, maps.src);
  EXPECT_TRUE(is_untouched());
  for (const Tensor& result : {pooled, d_weights, maps.src}) {
    EXPECT_TRUE(std::ranges::none_of(values_of(result), [](double value) { return std::isnan(value); }))
        << "it is read";
  }
  const cpu::LayerRecorder recorder;
  ops::conv2d_backward_data(error, maps.weights, usual, maps.src);
  EXPECT_FALSE(is_untouched()) << "this test sees a map that is written";
}

TEST(Winograd, ARecorderReplaysAfterItsStopOnly) {
  Maps maps({2, 8, 8, 32}, 64);
  cpu::LayerRecorder recorder;
  const std::vector<double> recorded = maps.forward();
  EXPECT_THROW(recorder.replay(), std::invalid_argument);
  recorder.stop();
  maps.dst.fill_zero();
  recorder.replay();
  EXPECT_EQ(values_of(maps.dst), recorded);
}

// With the tiles' usual points, 0, +-1 and +-2, this error is twice as large.
TEST(Winograd, IsNearlyAsExactAsTheSum) {
  Maps ours({1, 8, 8, 128}, 64);
  Maps exact({1, 8, 8, 128}, 64, Device::reference, DType::float64);
  const std::vector<double> sums = exact.forward();
  const std::vector<double> updates = exact.update();
  EXPECT_LT(relative_error(ours.forward(), sums), 3e-6);
  EXPECT_LT(relative_error(ours.update(), updates), 3e-6);
  const cpu::LayerRecorder recorder;
  EXPECT_LT(relative_error(ours.forward(), sums), 1e-6);
}

TEST(Winograd, DoesNotDependOnThreadsOrBatch) {
  const int before = threads();
  std::optional<std::array<std::vector<double>, 4>> first;
  for (const int count : {1, 2, 5}) {
    set_threads(count);
    Maps maps({37, 12, 8, 32}, 64);
    Tensor pooled({37, 6, 4, 64}, DType::float32, Device::cpu);
    Tensor argmax(pooled.shape(), DType::uint8, Device::cpu);
    std::array<std::vector<double>, 4> results;
    results[0] = maps.forward();
    ops::conv2d_pooled_forward(maps.src, maps.weights, {}, usual, 2, Activation::relu, maps.dst, pooled, argmax);
    results[1] = values_of(pooled);
    results[2] = maps.backward();
    const PooledError error(pooled, argmax, 2, maps.dst.reshaped({maps.dst.size()}));
    ops::conv2d_backward_data(error, maps.weights, usual, maps.src);
    results[3] = values_of(maps.src);
    if (!first) first = results;
    for (std::size_t i = 0; i < results.size(); ++i) EXPECT_EQ(results[i], (*first)[i]) << count << " threads, " << i;
  }
  set_threads(before);
  Maps all({7, 12, 8, 32}, 48);
  Tensor one = poisoned({1, 12, 8, 48}, DType::float32, Device::cpu);
  ops::conv2d_forward(all.src.rows(5, 6), all.weights, {}, usual, Activation::none, one);
  all.forward();
  EXPECT_EQ(values_of(one), values_of(all.dst.rows(5, 6)));
}

// A run that diverges must be noticed: no activation turns NaN into a number.
TEST(Winograd, KeepsNaN) {
  for (const Activation activation : {Activation::none, Activation::relu, Activation::hardtanh}) {
    Maps maps({1, 8, 8, 16}, 16);
    maps.src.data<float>()[0] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_TRUE(std::isnan(maps.forward(activation)[0])) << static_cast<int>(activation);
  }
}

}  // namespace
}  // namespace biossl
