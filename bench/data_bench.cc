#include "bench/checked.h"
#include "biossl/core/parallel.h"
#include "biossl/data/dataset.h"

namespace biossl::bench {
namespace {

/// Images of the built-in world, one moment each.
void world(benchmark::State& state) {
  constexpr std::int64_t images = 500;
  const auto world = open_dataset(
      "world", {.split = Split::train, .directory = {}, .images = images, .image_size = state.range(0), .seed = 1});
  const std::int64_t bytes = world->image_shape().size();
  Tensor moments({images, bytes}, DType::uint8, Device::cpu);
  std::uint32_t epoch = 0;
  for (auto _ : state) {
    ++epoch;
    parallel_for(images, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t image = begin; image < end; ++image) {
        world->render_moment(image, Random(1, Purpose::world, epoch, static_cast<std::uint32_t>(image), 1),
                             moments.data<std::uint8_t>() + image * bytes);
      }
    });
  }
  state.SetItemsProcessed(state.iterations() * images);
}
BENCHMARK(world)->ArgName("size")->Arg(32)->Arg(64)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace biossl::bench
