#include "biossl/benchmarks/probe_bench.h"

#include <algorithm>
#include <vector>

#include "biossl/benchmarks/timing.h"
#include "biossl/core/memory_use.h"
#include "biossl/core/processor.h"
#include "biossl/evaluation/linear_probe.h"
#include "biossl/ops/ops.h"
#include "biossl/recipe/components.h"

namespace biossl {
namespace {

constexpr std::int64_t chunk = 1000;  // images

std::int64_t last_blocks_size(const Recipe& recipe) {
  const DryBuild built(recipe, image_shape(recipe));
  return built.network->block(built.network->depth() - 1).plan().output.size();
}

/// Uniform in [-1, 1), `chunk` images at a time, so that no float32 copy of all features is needed.
Tensor random_features(const Shape& shape, DType kept, Device device, std::uint64_t seed) {
  Tensor features(shape, kept, device);
  const std::int64_t images = shape[0];
  Tensor wide({std::min(chunk, images), shape[1]}, DType::float32, device);
  for (std::int64_t first = 0; first < images; first += chunk) {
    const std::int64_t count = std::min(chunk, images - first);
    Tensor from = wide.rows(0, count);
    Tensor to = features.rows(first, first + count);
    ops::draw_uniform(Random(seed, Purpose::sample, static_cast<std::uint32_t>(first)), 1.0F, from);
    ops::convert(from, to);
  }
  return features;
}

/// 0, 1, …, classes - 1, 0, 1, …
Tensor labels_in_turn(std::int64_t images, std::int64_t classes) {
  Tensor labels({images}, DType::int32, Device::cpu);
  for (std::int64_t i = 0; i < images; ++i) labels.data<std::int32_t>()[i] = static_cast<std::int32_t>(i % classes);
  return labels;
}

void check_room(std::int64_t bytes, Device device) {
  const auto available = available_memory_bytes(device);
  if (!available || bytes <= *available) return;
  throw std::runtime_error(
      fmt::format("the features take {:.1f} GB, and {:.1f} GB of memory are free; time fewer images",
                  static_cast<double>(bytes) / 1e9, static_cast<double>(*available) / 1e9));
}

}  // namespace

ProbeTime time_probe(const Recipe& recipe, const ProbeBenchShape& shape, Device device) {
  check(shape.images >= 1 && shape.features >= 0 && shape.classes >= 2, "bench",
        "{} images of {} features in {} classes are impossible", shape.images, shape.features, shape.classes);
  check(shape.epochs >= 2, "bench", "{} epochs; the first is not counted, so at least 2 are needed", shape.epochs);
  ProbeTime time{.images = shape.images,
                 .features = shape.features > 0 ? shape.features : last_blocks_size(recipe),
                 .kept = compute_type(recipe.probe.precision, device),
                 .epochs = recipe.probe.epochs};
  time.feature_bytes = time.images * time.features * static_cast<std::int64_t>(size_of(time.kept));
  check_room(time.feature_bytes, device);
  const bool counts_from_here = restart_peak_memory();
  const Tensor values = random_features({time.images, time.features}, time.kept, device, recipe.seed);
  const Tensor labels = labels_in_turn(time.images, shape.classes);
  const std::int64_t tested = std::max<std::int64_t>(time.images / 5, 1);
  const Features train{values, labels};
  const Features test{values.rows(0, tested), labels.rows(0, tested)};
  const ProbeOptions options{.epochs = shape.epochs,
                             .batch = recipe.probe.batch,
                             .learning_rate = recipe.probe.learning_rate,
                             .classes = shape.classes,
                             .seed = recipe.seed};
  std::vector<double> epochs;
  Stopwatch watch;
  const ProbeResult result =
      train_linear_probe({train, test}, options, [&](std::int64_t, std::int64_t, std::string_view) {
        epochs.push_back(watch.seconds());
        watch.restart();
      });
  epochs.erase(epochs.begin());
  time.epoch = median(epochs);
  time.rest = std::max(result.seconds - time.epoch * static_cast<double>(shape.epochs), 0.0);
  if (counts_from_here) time.peak_memory = peak_memory_bytes();
  return time;
}

}  // namespace biossl
