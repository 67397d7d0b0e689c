#include "src/encoding.h"

#include <memory>

#include "biossl/core/error.h"
#include "biossl/data/memory_images.h"
#include "biossl/data/views.h"
#include "biossl/evaluation/encode.h"

namespace biossl::python {
namespace {

void check_images(const Network& network, const Tensor& images, const Choice& views) {
  check(images.shape().rank() == 4, "encoder", "images must be (N, H, W, C), not {}", to_string(images.shape()));
  const Shape image{images.extent(1), images.extent(2), images.extent(3)};
  const ViewPlan plan = plan_views(views, image);
  check(plan.image == network.image(), "encoder", "the images are {}, the network was trained on {}", to_string(image),
        to_string(network.image()));
  check(images.dtype() == DType::uint8 || plan.keeps(image), "encoder",
        "the views {} cut or scale the images, which must then be uint8", views.kind);
}

}  // namespace

Tensor encode(Network& network, const Tensor& images, std::optional<int> block, const Choice& views,
              const Progress& progress) {
  check_images(network, images, views);
  const int index = block.value_or(network.depth() - 1);
  check(block || network.head(index).embeds_single_images(), "encoder",
        "the head predicts one view from another, so a single image has no embedding; read a block's output");
  const std::int64_t total = images.extent(0);
  Tensor result(encoded_shape(network, block, total), DType::float32, Device::cpu);
  if (total == 0) return result;
  const auto keep = [&](std::int64_t first, const Tensor& encoded) {
    Tensor rows = result.rows(first, first + encoded.extent(0));
    copy(encoded, rows);
  };
  if (images.dtype() != DType::uint8) {
    FeatureReader reader(network, {index}, images);
    biossl::encode(network, block, reader, keep, progress);
  } else {
    const std::unique_ptr<Dataset> dataset = dataset_of({.pixels = images});
    FeatureReader reader(network, {index}, *dataset, views);
    biossl::encode(network, block, reader, keep, progress);
  }
  return result;
}

}  // namespace biossl::python
