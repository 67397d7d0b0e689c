// The backward operations of a convolution below a max-pool, two ways: over the winners of the pool alone, and over
// every unit after spreading their errors. Layers of conv6; float32.
#include "bench/checked.h"
#include "biossl/backend/shared/spread_error.h"
#include "biossl/ops/ops.h"

namespace biossl::bench {
namespace {

constexpr std::int64_t batch = 500;

struct PooledLayer {
  std::int64_t size, inputs, outputs;
};
constexpr PooledLayer layers[] = {{32, 32, 32}, {16, 64, 64}, {8, 64, 512}};  // blocks 1, 3 and 4

struct PooledBackwardWork {
  Conv2d conv;
  Tensor src, d_src, d_weights, no_bias;
  Weights weights;
  PooledError error;

  PooledBackwardWork(const PooledLayer& layer, Device device, std::int64_t images)
      : src(random_tensor({images, layer.size, layer.size, layer.inputs}, device, 1, 1.0F)),
        d_src(src.shape(), DType::float32, device),
        d_weights({layer.outputs, 3, 3, layer.inputs}, DType::float32, device),
        weights(random_tensor(d_weights.shape(), device, 2, 0.1F)),
        error(random_tensor({images, layer.size / 2, layer.size / 2, layer.outputs}, device, 3, 1.0F),
              Tensor({images, layer.size / 2, layer.size / 2, layer.outputs}, DType::uint8, device), 2,
              Tensor({images * layer.size * layer.size * layer.outputs}, DType::float32, device)) {
    Random random(1, Purpose::sample, 4);
    for (std::uint8_t& winner : error.argmax.span<std::uint8_t>()) winner = static_cast<std::uint8_t>(random.below(4));
  }
  void data(bool winners) {
    if (winners) return ops::conv2d_backward_data(error, weights, conv, d_src);
    ops::conv2d_backward_data(shared::spread(error, d_src, conv), weights, conv, d_src);
  }
  void update(bool winners) {
    if (winners) return ops::conv2d_backward_weights(src, error, conv, d_weights, no_bias);
    ops::conv2d_backward_weights(src, shared::spread(error, src, conv), conv, d_weights, no_bias);
  }
};

void pooled_backward(benchmark::State& state) {
  const PooledLayer& layer = layers[state.range(0)];
  const bool update = state.range(1) == 1;
  const bool winners = state.range(2) == 1;
  PooledBackwardWork ours(layer, Device::cpu, 2);
  PooledBackwardWork expected(layer, Device::reference, 2);
  for (PooledBackwardWork* work : {&ours, &expected}) update ? work->update(winners) : work->data(winners);
  if (!agrees(state, update ? ours.d_weights : ours.d_src, update ? expected.d_weights : expected.d_src)) return;
  PooledBackwardWork work(layer, Device::cpu, batch);
  for (auto _ : state) update ? work.update(winners) : work.data(winners);
  state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(pooled_backward)
    ->ArgNames({"layer", "update", "winners"})
    ->ArgsProduct({{0, 1, 2}, {0, 1}, {0, 1}})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace biossl::bench
