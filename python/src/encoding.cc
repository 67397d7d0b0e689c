#include "src/encoding.h"

#include <algorithm>
#include <functional>
#include <vector>

#include "biossl/data/memory_images.h"
#include "biossl/data/views.h"
#include "biossl/evaluation/features.h"
#include "biossl/ops/ops.h"

namespace biossl::python {
namespace {

/// Gets a block's output for the images from `first` on.
using Take = std::function<void(std::int64_t first, const Tensor& output)>;

/// Reads a block's output for images (N, H, W, C) float32 in [0,1].
void read_numbers(Network& network, int block, const Tensor& images, const Take& take, const Progress& progress) {
  const SynapsesSetup& setup = network.setup();
  const std::int64_t total = images.extent(0);
  const std::int64_t batch = std::min(ForwardPass::group(setup.device), total);
  ForwardPass pass(network, block, batch);
  std::vector<Activity> kept(static_cast<std::size_t>(block) + 1);
  Tensor input(batch_of(batch, network.image()), setup.dtype, setup.device);
  Workspace::fit(setup.device, [&](Workspace& workspace) {
    pass.prepare(workspace);
    kept.back().output = workspace.take(batch_of(batch, network.block(block).plan().output), setup.dtype);
  });
  for (std::int64_t first = 0; first < total; first += batch) {
    const std::int64_t count = std::min(batch, total - first);
    Tensor rows = input.rows(0, count);
    ops::convert(on_device(images.rows(first, first + count), setup.device), rows);
    network.scale_input(rows);
    pass.run(rows, kept);
    take(first, kept.back().output.rows(0, count));
    if (progress) progress(first + count, total, "");
  }
}

/// The same for bytes, as the views show them.
void read_bytes(Network& network, int block, const Tensor& images, const Choice& views, const Take& take,
                const Progress& progress) {
  const std::unique_ptr<Dataset> dataset = dataset_of({.pixels = images});
  FeatureReader reader(network, {block}, *dataset, views);
  reader.read([&](std::int64_t first, std::span<const Tensor> outputs) { take(first, outputs[0]); }, progress);
}

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
  Head* const head = block ? nullptr : &network.head(index);
  check(head == nullptr || head->embeds_single_images(), "encoder",
        "the head predicts one view from another, so a single image has no embedding; read a block's output");
  const std::int64_t total = images.extent(0);
  const SynapsesSetup& setup = network.setup();
  const Shape of_image = head == nullptr ? network.block(index).plan().output : Shape{head->features()};
  Tensor result(head == nullptr ? batch_of(total, of_image) : Shape{total, of_image[0]}, DType::float32, Device::cpu);
  if (total == 0) return result;
  Tensor embeddings;
  if (head != nullptr) {
    const std::int64_t most = std::min(ForwardPass::group(setup.device), total);
    Workspace::fit(setup.device, [&](Workspace& workspace) { head->prepare(most, workspace); });
    embeddings = Tensor({most, head->features()}, setup.master_dtype(), setup.device);
  }
  const auto keep = [&](std::int64_t first, const Tensor& output) {
    const std::int64_t count = output.extent(0);
    Tensor source = output;
    if (head != nullptr) {
      source = embeddings.rows(0, count);
      head->forward(output, source);
    }
    Tensor rows = result.rows(first, first + count);
    if (source.dtype() == DType::float32) return copy(source, rows);
    Tensor wide(source.shape(), DType::float32, source.device());
    ops::convert(source, wide);
    copy(wide, rows);
  };
  if (images.dtype() == DType::uint8) {
    read_bytes(network, index, images, views, keep, progress);
  } else {
    read_numbers(network, index, images, keep, progress);
  }
  return result;
}

}  // namespace biossl::python
