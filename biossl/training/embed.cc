#include "biossl/training/embed.h"

#include <algorithm>
#include <stdexcept>

#include "biossl/core/error.h"
#include "biossl/core/wording.h"
#include "biossl/evaluation/features.h"
#include "biossl/io/npy.h"
#include "biossl/ops/ops.h"

namespace biossl {
namespace {

/// The tensor as float32 in host memory.
Tensor widened(const Tensor& values) {
  Tensor wide(values.shape(), DType::float32, values.device());
  ops::convert(values, wide);
  Tensor host = on_device(wide, Device::reference);
  if (!is_finite(host)) {
    throw std::runtime_error("the encoder's output holds NaN or infinite numbers: its training has diverged");
  }
  return host;
}

/// (N, H, W, C) to (N, C, H, W)
Tensor channels_first(const Tensor& maps) {
  const Shape& shape = maps.shape();
  Tensor result({shape[0], shape[3], shape[1], shape[2]}, DType::float32, maps.device());
  const float* from = maps.data<float>();
  float* to = result.data<float>();
  const std::int64_t positions = shape[1] * shape[2];
  for (std::int64_t image = 0; image < shape[0]; ++image) {
    for (std::int64_t position = 0; position < positions; ++position) {
      for (std::int64_t channel = 0; channel < shape[3]; ++channel) {
        to[(image * shape[3] + channel) * positions + position] = *from++;
      }
    }
  }
  return result;
}

}  // namespace

void write_features(Network& network, std::optional<int> block, const Dataset& images,
                    const std::filesystem::path& path, const Progress& progress, const Choice& views) {
  const int index = block.value_or(network.depth() - 1);
  check(index >= 0 && index < network.depth(), "embed", "there is no block {}; the network has blocks 0 to {}", index,
        network.depth() - 1);
  const ViewPlan plan = plan_views(views, images.image_shape());
  check(plan.image == network.image(), "embed", "the images are {}, the network was trained on {}",
        to_string(plan.image), to_string(network.image()));
  check(block || !plan.grid.is_cut(), "embed",
        "views {} cut images into patches, and an embedding is of one patch; write a block's output instead ({}), "
        "its mean over the patches",
        views.kind, wording::option("layer", "last"));
  check(
      block || network.add_head(index).embeds_single_images(), "embed",
      "this network's loss has no embedding of a single image, its head predicts one view's map from another's; write "
      "a block's output instead ({})",
      wording::option("layer", "last"));
  FeatureReader reader(network, {index}, images, views);
  const std::int64_t batch = reader.batch();
  const Shape& map = network.block(index).plan().output;
  Head* const head = block ? nullptr : &network.add_head(index);
  NpyWriter writer(path, DType::float32,
                   block ? Shape{images.size(), map[2], map[0], map[1]} : Shape{images.size(), head->features()});
  Tensor embeddings;
  if (!block) {
    Workspace::fit(network.setup().device, [&](Workspace& workspace) { head->prepare(batch, workspace); });
    embeddings = Tensor({batch, head->features()}, network.setup().master_dtype(), network.setup().device);
  }
  const auto take = [&](std::int64_t /*first*/, std::span<const Tensor> outputs) {
    if (block) return writer.write(channels_first(widened(outputs[0])));
    Tensor rows = embeddings.rows(0, outputs[0].extent(0));
    head->forward(outputs[0], rows);
    writer.write(widened(rows));
  };
  reader.read(take, progress);
  writer.commit();
}

void write_labels(const Dataset& images, const std::filesystem::path& path) {
  check(images.is_labelled(), "embed", "this data set has no labels to write");
  Tensor labels({images.size()}, DType::int32, Device::cpu);
  std::ranges::copy(images.labels(), labels.data<std::int32_t>());
  NpyWriter writer(path, DType::int32, labels.shape());
  writer.write(labels);
  writer.commit();
}

}  // namespace biossl
