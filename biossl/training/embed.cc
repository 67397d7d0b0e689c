#include "biossl/training/embed.h"

#include <algorithm>
#include <stdexcept>

#include "biossl/core/channel_order.h"
#include "biossl/core/error.h"
#include "biossl/core/wording.h"
#include "biossl/data/views.h"
#include "biossl/evaluation/encode.h"
#include "biossl/io/npy.h"

namespace biossl {
namespace {

void check_finite(const Tensor& values) {
  if (is_finite(values)) return;
  throw std::runtime_error("the encoder's output holds NaN or infinite numbers: its training has diverged");
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
  const Shape shape = encoded_shape(network, block, images.size());
  NpyWriter writer(path, DType::float32, block ? Shape{shape[0], shape[3], shape[1], shape[2]} : shape);
  const auto take = [&](std::int64_t /*first*/, const Tensor& encoded) {
    const Tensor values = on_device(encoded, Device::reference);
    check_finite(values);
    writer.write(block ? channels_first(values) : values);
  };
  encode(network, block, reader, take, progress);
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
