// The update of a convolution below a max-pool, two ways: from the maxima alone, as the backend computes it, and from
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

struct PooledUpdateWork {
  Conv2d conv;
  Tensor src, d_weights, no_bias;
  PooledError error;

  PooledUpdateWork(const PooledLayer& layer, Device device, std::int64_t images)
      : src(random_tensor({images, layer.size, layer.size, layer.inputs}, device, 1, 1.0F)),
        d_weights({layer.outputs, 3, 3, layer.inputs}, DType::float32, device),
        error(random_tensor({images, layer.size / 2, layer.size / 2, layer.outputs}, device, 3, 1.0F),
              Tensor({images, layer.size / 2, layer.size / 2, layer.outputs}, DType::uint8, device), 2,
              Tensor({images * layer.size * layer.size * layer.outputs}, DType::float32, device)) {
    Random random(1, Purpose::sample, 4);
    for (std::uint8_t& winner : error.argmax.span<std::uint8_t>()) winner = static_cast<std::uint8_t>(random.below(4));
  }
  void update(bool maxima) {
    if (maxima) return ops::conv2d_backward_weights(src, error, conv, d_weights, no_bias);
    ops::conv2d_backward_weights(src, shared::spread(error, src, conv), conv, d_weights, no_bias);
  }
};

void pooled_update(benchmark::State& state) {
  const PooledLayer& layer = layers[state.range(0)];
  const bool maxima = state.range(1) == 1;
  PooledUpdateWork ours(layer, Device::cpu, 2);
  PooledUpdateWork expected(layer, Device::reference, 2);
  for (PooledUpdateWork* work : {&ours, &expected}) work->update(maxima);
  if (!agrees(state, ours.d_weights, expected.d_weights)) return;
  PooledUpdateWork work(layer, Device::cpu, batch);
  for (auto _ : state) work.update(maxima);
  state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(pooled_update)
    ->ArgNames({"layer", "maxima"})
    ->ArgsProduct({{0, 1, 2}, {0, 1}})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace biossl::bench
