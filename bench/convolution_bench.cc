// The operations of 3x3 convolutions in float32, two ways: as the backend computes them, which is by Winograd's
// algorithm, and by the library's direct convolutions. Layers of conv6, and two with more channels.
#include <optional>

#include "bench/checked.h"
#include "biossl/backend/cpu/layer_recorder.h"
#include "biossl/ops/ops.h"

namespace biossl::bench {
namespace {

constexpr std::int64_t batch = 100;

struct Layer {
  std::int64_t size, inputs, outputs;
};
constexpr Layer layers[] = {{32, 32, 32}, {16, 32, 64}, {16, 64, 64}, {8, 64, 512}, {16, 128, 128}, {4, 256, 256}};

struct ConvolutionWork {
  Conv2d conv;
  Tensor src, dst, d_dst, d_src, d_weights, no_bias;
  Weights weights;

  ConvolutionWork(const Layer& layer, Device device, std::int64_t images)
      : src(random_tensor({images, layer.size, layer.size, layer.inputs}, device, 1, 1.0F)),
        dst({images, layer.size, layer.size, layer.outputs}, DType::float32, device),
        d_dst(random_tensor(dst.shape(), device, 2, 1.0F)),
        d_src(src.shape(), DType::float32, device),
        d_weights({layer.outputs, 3, 3, layer.inputs}, DType::float32, device),
        weights(random_tensor(d_weights.shape(), device, 3, 0.1F)) {}
  /// What operation 0, 1 or 2 makes: the output, the error of the input, the update.
  const Tensor& run(std::int64_t operation) {
    if (operation == 0) return ops::conv2d_forward(src, weights, no_bias, conv, Activation::none, dst), dst;
    if (operation == 1) return ops::conv2d_backward_data(d_dst, weights, conv, d_src), d_src;
    return ops::conv2d_backward_weights(src, d_dst, conv, d_weights, no_bias), d_weights;
  }
};

void convolution(benchmark::State& state) {
  const Layer& layer = layers[state.range(0)];
  const std::int64_t operation = state.range(1);
  ConvolutionWork ours(layer, Device::cpu, 2);
  ConvolutionWork expected(layer, Device::reference, 2);
  if (!agrees(state, ours.run(operation), expected.run(operation))) return;
  ConvolutionWork work(layer, Device::cpu, batch);
  for (auto _ : state) {
    std::optional<cpu::LayerRecorder> direct;
    if (state.range(2) == 1) direct.emplace();
    work.run(operation);
  }
  state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(convolution)
    ->ArgNames({"layer", "operation", "direct"})
    ->ArgsProduct({{0, 1, 2, 3, 4, 5}, {0, 1, 2}, {0, 1}})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

struct PooledConvolutionWork {
  ConvolutionWork convolution;
  Tensor pooled, argmax;

  PooledConvolutionWork(const Layer& layer, Device device, std::int64_t images)
      : convolution(layer, device, images),
        pooled({images, layer.size / 2, layer.size / 2, layer.outputs}, DType::float32, device),
        argmax(pooled.shape(), DType::uint8, device) {}
  const Tensor& run(bool fused) {
    auto& [conv, src, dst, d_dst, d_src, d_weights, no_bias, weights] = convolution;
    if (fused) {
      ops::conv2d_pooled_forward(src, weights, no_bias, conv, 2, Activation::relu, dst, pooled, argmax);
    } else {
      ops::conv2d_forward(src, weights, no_bias, conv, Activation::none, dst);
      ops::max_pool_forward(dst, 2, Activation::relu, pooled, argmax);
    }
    return pooled;
  }
};

/// A convolution and a max-pool of 2x2: in one go, or one after the other through a map.
void pooled_convolution(benchmark::State& state) {
  const Layer& layer = layers[state.range(0)];
  const bool fused = state.range(1) == 1;
  PooledConvolutionWork ours(layer, Device::cpu, 2);
  PooledConvolutionWork expected(layer, Device::reference, 2);
  if (!agrees(state, ours.run(fused), expected.run(fused))) return;
  PooledConvolutionWork work(layer, Device::cpu, batch);
  for (auto _ : state) work.run(fused);
  state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(pooled_convolution)
    ->ArgNames({"layer", "fused"})
    ->ArgsProduct({{0, 2, 3}, {0, 1}})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace biossl::bench
