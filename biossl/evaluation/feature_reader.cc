#include "biossl/evaluation/feature_reader.h"

#include <algorithm>
#include <utility>

#include "biossl/core/error.h"
#include "biossl/data/views.h"
#include "biossl/ops/elementwise.h"

namespace biossl {
namespace {

std::vector<int> checked(std::vector<int> blocks, int depth) {
  check(!blocks.empty() && std::is_sorted(blocks.begin(), blocks.end()) && blocks.front() >= 0 && blocks.back() < depth,
        "features", "the blocks to read must be rising numbers below {}", depth);
  return blocks;
}

/// Images at a time, so that a forward pass takes them in one group.
std::int64_t images_at_a_time(const Network& network, const PatchGrid& grid, std::int64_t images) {
  const std::int64_t most = std::max<std::int64_t>(ForwardPass::group(network.setup().device) / grid.size(), 1);
  return std::min(most, images);
}

PatchGrid grid_of(const Network& network, const Choice& views, const Shape& image) {
  const ViewPlan plan = plan_views(views, image);
  check(plan.image == network.image(), "features", "the images are {}, the network was made for {}",
        to_string(plan.image), to_string(network.image()));
  return plan.grid;
}

}  // namespace

FeatureReader::FeatureReader(const Network& network, std::vector<int> blocks, const Dataset& dataset,
                             const Choice& views)
    : FeatureReader(network, std::move(blocks), grid_of(network, views, dataset.image_shape()), dataset.size(),
                    [&dataset, views, &setup = network.setup()](std::int64_t batch) {
                      return show_images(dataset, views, batch, setup.dtype, setup.device);
                    }) {}

FeatureReader::FeatureReader(const Network& network, std::vector<int> blocks, const Tensor& images)
    : FeatureReader(network, std::move(blocks), PatchGrid{}, images.extent(0),
                    [images, &setup = network.setup()](std::int64_t batch) {
                      return show_images(images, batch, setup.dtype, setup.device);
                    }) {}

FeatureReader::FeatureReader(const Network& network, std::vector<int> blocks, const PatchGrid& grid, std::int64_t total,
                             Show show)
    : blocks_(checked(std::move(blocks), network.depth())),
      network_(network),
      grid_(grid),
      total_(total),
      batch_(images_at_a_time(network, grid, total)),
      show_(std::move(show)),
      pass_(network, blocks_.back(), batch_ * grid_.size()) {
  const SynapsesSetup& setup = network.setup();
  kept_.resize(static_cast<std::size_t>(blocks_.back()) + 1);
  outputs_.resize(blocks_.size());
  const auto lay_out = [&](Workspace& workspace) {
    pass_.prepare(workspace);
    for (const int block : blocks_) {
      kept_[static_cast<std::size_t>(block)].output =
          workspace.take(batch_of(batch() * grid_.size(), network.block(block).plan().output), setup.dtype);
    }
  };
  Workspace::fit(setup.device, lay_out);
  if (!grid_.is_cut()) return;
  for (const int block : blocks_) {
    means_.emplace_back(batch_of(batch(), network.block(block).plan().output), setup.dtype, setup.device);
  }
}

Tensor FeatureReader::output(std::size_t index, std::int64_t images) {
  const Tensor& all = kept_[static_cast<std::size_t>(blocks_[index])].output;
  const Tensor outputs = all.rows(0, images * grid_.size());
  if (!grid_.is_cut()) return outputs;
  const std::int64_t size = outputs.shape().row_size();
  Tensor mean = means_[index].rows(0, images);
  Tensor flat = mean.reshaped({images, 1, size});
  ops::reduce(Reduction::mean, outputs.reshaped({images, grid_.size(), size}), {1, 2}, flat);
  return mean;
}

void FeatureReader::read(const Take& take, const Progress& progress) {
  // Made anew for each pass, so that no image which was read ahead or kept is of an earlier one.
  const std::unique_ptr<ShownImages> shown = show_(batch_);
  for (std::int64_t first = 0; first < total_; first += batch_) {
    Tensor images = (*shown)(first);
    network_.scale_input(images);
    const std::int64_t count = images.extent(0) / grid_.size();
    pass_.run(images, kept_);
    for (std::size_t i = 0; i < blocks_.size(); ++i) outputs_[i] = output(i, count);
    take(first, outputs_);
    if (progress) progress(first + count, total_, "");
  }
}

}  // namespace biossl
