#include <cstdlib>
#include <string>

#include "bench/checked.h"
#include "biossl/core/parallel.h"
#include "biossl/data/capability.h"
#include "biossl/data/dataset.h"
#include "biossl/data/moments.h"

namespace biossl::bench {
namespace {

/// Images of the built-in world, one moment each.
void world(benchmark::State& state) {
  constexpr std::int64_t images = 500;
  const auto world = open_dataset(
      "world", {.split = Split::train, .directory = {}, .images = images, .image_size = state.range(0), .seed = 1});
  const Capability<MomentSource> source(*world);
  const std::int64_t bytes = world->image_shape().size();
  Tensor moments({images, bytes}, DType::uint8, Device::cpu);
  std::uint32_t epoch = 0;
  for (auto _ : state) {
    ++epoch;
    parallel_for(images, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t image = begin; image < end; ++image) {
        source->render_moment(image, Random(1, Purpose::world, epoch, static_cast<std::uint32_t>(image), 1),
                              moments.data<std::uint8_t>() + image * bytes);
      }
    });
  }
  state.SetItemsProcessed(state.iterations() * images);
}
BENCHMARK(world)->ArgName("size")->Arg(32)->Arg(64)->Unit(benchmark::kMillisecond)->UseRealTime();

/// Training images of CIFAR, after a first time that warms the file cache.
void cifar(benchmark::State& state, const std::string& name, const std::string& folder) {
  const auto load = [&] {
    return open_dataset(name, {.split = Split::train, .directory = folder, .images = 0, .image_size = 32, .seed = 1})
        ->pixels();
  };
  std::size_t bytes = load().bytes();
  for (auto _ : state) benchmark::DoNotOptimize(bytes = load().bytes());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

/// Only where the files are, in the folder named by BIOSSL_DATA_DIR.
[[maybe_unused]] const bool cifar_registered = [] {
  const char* folder = std::getenv("BIOSSL_DATA_DIR");
  if (folder == nullptr || *folder == '\0') return false;
  for (const std::string name : {"cifar10", "cifar100"}) {
    benchmark::RegisterBenchmark(name.c_str(), cifar, name, std::string(folder))
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
  }
  return true;
}();

}  // namespace
}  // namespace biossl::bench
