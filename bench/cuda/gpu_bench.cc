// The operations of a training step on a GPU, at the sizes of the published job (conv6, batch 500, two views), beside
// what its memory and its matrix units could do: which convolutions cuDNN should do and which our own kernels, and how
// far each is from the machine's limit. Ours are compared with cuDNN's before they are timed.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "bench/checked.h"
#include "biossl/backend/cuda/convolution_kernels.h"
#include "biossl/backend/cuda/library_convolution.h"
#include "biossl/core/accelerator.h"
#include "biossl/ops/ops.h"

namespace biossl::bench {
namespace {

constexpr std::int64_t images = 1000;

/// Random numbers of one seed, made on the GPU: on the host the larger maps would take longer than timing them.
Tensor on_gpu(const Shape& shape, DType dtype, std::uint32_t stream) {
  Tensor there(shape, dtype, Device::cuda);
  Tensor wide(shape, DType::float32, Device::cuda);
  ops::draw_uniform(Random(1, Purpose::sample, stream), 1.0F, wide);
  ops::convert(wide, there);
  return there;
}

double error_between(const Tensor& one, const Tensor& other) {
  Tensor wide_one(one.shape(), DType::float32, Device::cuda);
  Tensor wide_other(other.shape(), DType::float32, Device::cuda);
  ops::convert(one, wide_one);
  ops::convert(other, wide_other);
  const Tensor a = on_device(wide_one, Device::cpu);
  const Tensor b = on_device(wide_other, Device::cpu);
  return relative_error(a.span<const float>(), b.span<const float>());
}

/// Times `operation`, many calls given at once as in a step; says what it reaches of 10^12 operations and 10^9 bytes a
/// second.
void time(benchmark::State& state, const std::function<void()>& operation, double operations, double bytes) {
  constexpr int calls = 20;
  operation();
  accelerator::synchronize();
  for (auto _ : state) {
    for (int i = 0; i < calls; ++i) operation();
    accelerator::synchronize();
  }
  const double done = calls * static_cast<double>(state.iterations());
  state.counters["ms"] = benchmark::Counter(done / 1e3, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  if (operations > 0)
    state.counters["TFLOP/s"] = benchmark::Counter(done * operations / 1e12, benchmark::Counter::kIsRate);
  state.counters["GB/s"] = benchmark::Counter(done * bytes / 1e9, benchmark::Counter::kIsRate);
}

// --- convolutions

struct Layer {
  std::int64_t side, inputs, outputs;
};
const std::vector<Layer> conv6 = {{32, 3, 32}, {32, 32, 32}, {16, 32, 64}, {16, 64, 64}, {8, 64, 512}};

struct ConvolutionWork {
  Conv2d conv{3, 1, 1};
  Tensor src, dst, weights, d_weights;

  ConvolutionWork(const Layer& layer, DType dtype)
      : src(on_gpu({images, layer.side, layer.side, layer.inputs}, dtype, 1)),
        dst(on_gpu({images, layer.side, layer.side, layer.outputs}, dtype, 2)),
        weights(on_gpu({layer.outputs, 3, 3, layer.inputs}, dtype, 3)),
        d_weights({layer.outputs, 3, 3, layer.inputs}, DType::float32, Device::cuda) {}
  double operations() const {
    return 2.0 * static_cast<double>(dst.size()) * static_cast<double>(weights.shape().row_size());
  }
  double bytes() const { return static_cast<double>(src.bytes() + dst.bytes() + weights.bytes()); }
};

/// A direction: cuDNN's, false where it declines, ours, and the result.
struct Direction {
  std::string name;
  std::function<bool(ConvolutionWork&)> library;
  std::function<void(ConvolutionWork&)> ours;
  Tensor ConvolutionWork::*result;
};

std::vector<Direction> directions(DType dtype) {
  const bool narrow = dtype == DType::bfloat16;
  const auto forward = narrow ? cuda::tensor_core_convolution_forward : cuda::kernel_convolution_forward;
  const auto back = narrow ? cuda::tensor_core_convolution_backward_data : cuda::kernel_convolution_backward_data;
  const auto update =
      narrow ? cuda::tensor_core_convolution_backward_weights : cuda::kernel_convolution_backward_weights;
  using Work = ConvolutionWork;
  return {
      {"forward", [](Work& w) { return cuda::library_convolution_forward(w.src, w.weights.raw(), w.conv, w.dst); },
       [=](Work& w) { forward(w.src, w.weights.raw(), {}, w.conv, Activation::none, w.dst); }, &Work::dst},
      {"error_down",
       [](Work& w) { return cuda::library_convolution_backward_data(w.dst, w.weights.raw(), w.conv, w.src); },
       [=](Work& w) { back(w.dst, w.weights.raw(), {}, w.conv, Activation::none, w.src); }, &Work::src},
      {"update", [](Work& w) { return cuda::library_convolution_backward_weights(w.src, w.dst, w.conv, w.d_weights); },
       [=](Work& w) { update(w.src, w.dst, w.conv, w.d_weights); }, &Work::d_weights}};
}

void convolution(benchmark::State& state, const Layer& layer, DType dtype, const Direction& direction,
                 bool by_library) {
  ConvolutionWork work(layer, dtype);
  const bool library = direction.library(work);
  if (by_library && !library) return state.SkipWithError("cuDNN declines");
  if (library) {
    const Tensor& result = work.*direction.result;
    Tensor expected(result.shape(), result.dtype(), Device::cuda);
    copy(result, expected);
    ConvolutionWork again(layer, dtype);
    direction.ours(again);
    const double error = error_between(again.*direction.result, expected);
    if (error > (dtype == DType::bfloat16 ? 5e-3 : 1e-4)) {
      return state.SkipWithError(fmt::format("ours differs from cuDNN's by {:.1e}", error).c_str());
    }
  }
  const auto operation = [&] {
    if (by_library) {
      direction.library(work);
    } else {
      direction.ours(work);
    }
  };
  time(state, operation, work.operations(), work.bytes());
}

void register_convolutions() {
  for (const DType dtype : {DType::bfloat16, DType::float32}) {
    for (std::size_t i = 0; i < conv6.size(); ++i) {
      for (const Direction& direction : directions(dtype)) {
        for (const bool by_library : {true, false}) {
          const std::string name = fmt::format("convolution/{}/layer:{}/{}/{}", name_of(dtype), i + 1, direction.name,
                                               by_library ? "cudnn" : "ours");
          benchmark::RegisterBenchmark(name.c_str(), convolution, conv6[i], dtype, direction, by_library)
              ->UseRealTime();
        }
      }
    }
  }
}

// --- what moves memory

void max_pool(benchmark::State& state, DType dtype, bool forward) {
  const Tensor map = on_gpu({images, 32, 32, 32}, dtype, 1);
  Tensor spread = map;
  Tensor pooled = on_gpu({images, 16, 16, 32}, dtype, 2);
  Tensor argmax({images, 16, 16, 32}, DType::uint8, Device::cuda);
  const auto operation = [&] {
    if (forward) {
      ops::max_pool_forward(map, 2, Activation::none, pooled, argmax);
    } else {
      ops::max_pool_backward(pooled, pooled, argmax, 2, Activation::none, spread);
    }
  };
  time(state, operation, 0, static_cast<double>(map.bytes() + pooled.bytes() + argmax.bytes()));
}

void undo_hardtanh(benchmark::State& state, DType dtype) {
  const Tensor output = on_gpu({images, 32, 32, 32}, dtype, 1);
  Tensor error = on_gpu({images, 32, 32, 32}, dtype, 2);
  time(
      state, [&] { ops::activation_backward(error, output, Activation::hardtanh, error); }, 0,
      3 * static_cast<double>(error.bytes()));
}

void deform(benchmark::State& state, DType dtype) {
  const Tensor pixels({50000, 32, 32, 3}, DType::uint8, Device::cuda);
  std::vector<std::int32_t> numbers(images);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<std::int32_t>(i * 49 % 50000);
  Tensor on_host({images}, DType::int32, Device::cpu);
  std::ranges::copy(numbers, on_host.span<std::int32_t>().begin());
  const Tensor rows = on_device(on_host, Device::cuda);
  Tensor parameters({images, ops::deform_parameters}, DType::float32, Device::cuda);
  Tensor views({images, 32, 32, 3}, dtype, Device::cuda);
  const auto operation = [&] {
    ops::draw_deformations(1, 0, 0, rows, {}, parameters);
    ops::deform(pixels, rows, parameters, views);
  };
  time(state, operation, 0, static_cast<double>(views.bytes()) + static_cast<double>(images * 32 * 32 * 3));
}

void contrastive_hinge(benchmark::State& state, std::int64_t recent) {
  const Tensor a = on_gpu({images / 2, 64}, DType::float32, 1);
  const Tensor b = on_gpu({images / 2, 64}, DType::float32, 2);
  Hinge hinge;
  hinge.recent = recent;
  Tensor d_a(a.shape(), DType::float32, Device::cuda);
  Tensor d_b(b.shape(), DType::float32, Device::cuda);
  Tensor totals({2}, DType::float64, Device::cuda);
  time(
      state, [&] { ops::contrastive_hinge(a, b, hinge, d_a, d_b, totals); }, 0, 4 * static_cast<double>(a.bytes()));
}

void adam(benchmark::State& state) {
  // conv6's layers and its head.
  std::vector<ParameterStep> layers;
  for (const std::int64_t size : {864, 9216, 18432, 36864, 294912, 524288}) {
    layers.push_back({.update = on_gpu({size}, DType::float32, 1),
                      .values = on_gpu({size}, DType::float32, 2),
                      .state = {on_gpu({size}, DType::float32, 3), Tensor({size}, DType::float32, Device::cuda)},
                      .learning_rate = 1e-4,
                      .number = 1});
  }
  double bytes = 0;
  std::vector<ParameterStep*> together;
  for (ParameterStep& layer : layers) {
    bytes += 7 * static_cast<double>(layer.update.bytes());
    together.push_back(&layer);
  }
  time(
      state, [&] { ops::adam_step({}, together); }, 0, bytes);
}

void random_permutation(benchmark::State& state) {
  Tensor order({50000}, DType::int32, Device::cuda);
  std::uint32_t epoch = 0;
  time(
      state, [&] { ops::random_permutation(Random(1, Purpose::shuffle, epoch++), order); }, 0,
      static_cast<double>(order.bytes()));
}

void register_others() {
  for (const DType dtype : {DType::bfloat16, DType::float32}) {
    const auto named = [&](const char* operation) { return fmt::format("{}/{}", operation, name_of(dtype)); };
    benchmark::RegisterBenchmark(named("max_pool/forward").c_str(), max_pool, dtype, true)->UseRealTime();
    benchmark::RegisterBenchmark(named("max_pool/backward").c_str(), max_pool, dtype, false)->UseRealTime();
    benchmark::RegisterBenchmark(named("undo_hardtanh").c_str(), undo_hardtanh, dtype)->UseRealTime();
    benchmark::RegisterBenchmark(named("deform").c_str(), deform, dtype)->UseRealTime();
  }
  benchmark::RegisterBenchmark("contrastive_hinge/recent:4", contrastive_hinge, 4)->UseRealTime();
  benchmark::RegisterBenchmark("contrastive_hinge/all", contrastive_hinge, 0)->UseRealTime();
  benchmark::RegisterBenchmark("adam", adam)->UseRealTime();
  benchmark::RegisterBenchmark("random_permutation", random_permutation)->UseRealTime();
}

}  // namespace
}  // namespace biossl::bench

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (biossl::accelerator::count() == 0) {
    fmt::print("there is no GPU: nothing to time\n");
    return 0;
  }
  fmt::print("{}\n", biossl::accelerator::name());
  biossl::bench::register_convolutions();
  biossl::bench::register_others();
  benchmark::RunSpecifiedBenchmarks();
}
