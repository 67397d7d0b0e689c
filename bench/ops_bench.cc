// What a training step does besides convolutions, at the sizes of the published job: conv6, batch 500, 64 numbers an
// embedding.
#include <numeric>

#include "bench/checked.h"
#include "biossl/ops/ops.h"

namespace biossl::bench {
namespace {

constexpr std::int64_t batch = 500;

Tensor hinge_error(Device device, std::int64_t rows, const Hinge& hinge) {
  const Tensor a = random_tensor({rows, 64}, device, 1, 0.05F);
  const Tensor b = random_tensor({rows, 64}, device, 2, 0.05F);
  Tensor none;
  Tensor error({rows, 64}, DType::float32, device);
  Tensor totals({2}, DType::float64, device);
  ops::contrastive_hinge(a, b, hinge, none, error, totals);
  return error;
}

void contrastive_hinge(benchmark::State& state) {
  Hinge hinge;
  hinge.recent = state.range(0);
  if (!agrees(state, hinge_error(Device::cpu, 40, hinge), hinge_error(Device::reference, 40, hinge))) return;
  const Tensor a = random_tensor({batch, 64}, Device::cpu, 1, 0.05F);
  const Tensor b = random_tensor({batch, 64}, Device::cpu, 2, 0.05F);
  Tensor d_a(a.shape(), DType::float32, Device::cpu);
  Tensor d_b(b.shape(), DType::float32, Device::cpu);
  Tensor totals({2}, DType::float64, Device::cpu);
  for (auto _ : state) ops::contrastive_hinge(a, b, hinge, d_a, d_b, totals);
  state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(contrastive_hinge)->ArgName("recent")->Arg(4)->Arg(0)->Unit(benchmark::kMillisecond)->UseRealTime();

struct DeformWork {
  Tensor pixels, rows, parameters, views;

  DeformWork(Device device, std::int64_t images)
      : pixels({images, 32, 32, 3}, DType::uint8, device),
        rows({images}, DType::int32, device),
        parameters({images, ops::deform_parameters}, DType::float32, device),
        views({images, 32, 32, 3}, DType::float32, device) {
    Random random(1, Purpose::sample);
    for (std::uint8_t& pixel : pixels.span<std::uint8_t>()) pixel = static_cast<std::uint8_t>(random.word() >> 24);
    auto numbers = rows.span<std::int32_t>();
    std::iota(numbers.begin(), numbers.end(), 0);
  }
  void run() {
    ops::draw_deformations(1, 0, 0, rows, {}, parameters);
    ops::deform(pixels, rows, parameters, views);
  }
};

void deform(benchmark::State& state) {
  DeformWork ours(Device::cpu, 20);
  DeformWork expected(Device::reference, 20);
  ours.run();
  expected.run();
  if (!agrees(state, ours.views, expected.views)) return;
  DeformWork work(Device::cpu, batch);
  for (auto _ : state) work.run();
  state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(deform)->Unit(benchmark::kMillisecond)->UseRealTime();

struct PoolWork {
  Tensor map, pooled, argmax;

  PoolWork(Device device, std::int64_t images)
      : map(random_tensor({images, 32, 32, 32}, device, 1, 1.0F)),
        pooled({images, 16, 16, 32}, DType::float32, device),
        argmax({images, 16, 16, 32}, DType::uint8, device) {}
  void forward() { ops::max_pool_forward(map, 2, Activation::tanh, pooled, argmax); }
  void backward() { ops::max_pool_backward(pooled, pooled, argmax, 2, Activation::tanh, map); }
};

void max_pool(benchmark::State& state) {
  PoolWork ours(Device::cpu, 4);
  PoolWork expected(Device::reference, 4);
  ours.forward();
  expected.forward();
  ours.backward();
  expected.backward();
  if (!agrees(state, ours.map, expected.map)) return;
  PoolWork work(Device::cpu, batch);
  for (auto _ : state) {
    work.forward();
    work.backward();
  }
  state.SetBytesProcessed(state.iterations() *
                          static_cast<std::int64_t>(2 * work.map.bytes() + 3 * work.pooled.bytes()));
}
BENCHMARK(max_pool)->Unit(benchmark::kMillisecond)->UseRealTime();

struct AdamWork {
  ParameterStep parameters;

  AdamWork(Device device, std::int64_t size)
      : parameters{.update = random_tensor({size}, device, 1, 1.0F),
                   .values = random_tensor({size}, device, 2, 1.0F),
                   .state = {Tensor({size}, DType::float32, device), Tensor({size}, DType::float32, device)},
                   .learning_rate = 1e-4} {}
  void step() {
    ++parameters.number;
    ParameterStep* const alone[] = {&parameters};
    ops::adam_step({}, alone);
  }
};

void adam(benchmark::State& state) {
  AdamWork ours(Device::cpu, 1000);
  AdamWork expected(Device::reference, 1000);
  for (int count = 0; count < 3; ++count) {
    ours.step();
    expected.step();
  }
  if (!agrees(state, ours.parameters.values, expected.parameters.values)) return;
  AdamWork work(Device::cpu, 884576);  // conv6 and its head
  for (auto _ : state) work.step();
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(7 * work.parameters.values.bytes()));
}
BENCHMARK(adam)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace biossl::bench
