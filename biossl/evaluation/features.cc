#include "biossl/evaluation/features.h"

#include <algorithm>
#include <numeric>

#include "biossl/core/error.h"
#include "biossl/ops/elementwise.h"
#include "biossl/ops/ops.h"

namespace biossl {
namespace {

std::vector<int> checked(std::vector<int> blocks, int depth) {
  check(!blocks.empty() && std::is_sorted(blocks.begin(), blocks.end()) && blocks.front() >= 0 && blocks.back() < depth,
        "features", "the blocks to read must be rising numbers below {}", depth);
  return blocks;
}

Tensor labels_of(const Dataset& dataset) {
  check(dataset.is_labelled(), "features", "a probe needs a label for every image, and this data set has none");
  Tensor labels({dataset.size()}, DType::int32, Device::cpu);
  std::copy(dataset.labels().begin(), dataset.labels().end(), labels.data<std::int32_t>());
  return labels;
}

}  // namespace

Tensor iota(std::int64_t size, Device device) {
  Tensor numbers({size}, DType::int32, Device::reference);
  const auto span = numbers.span<std::int32_t>();
  std::iota(span.begin(), span.end(), 0);
  return on_device(numbers, device);
}

UnitRange::UnitRange(const Dataset& dataset, std::int64_t batch, DType dtype, Device device)
    : dataset_(dataset), images_(batch_of(batch, dataset.image_shape()), dtype, device), each_(iota(batch, device)) {
  if (device != Device::cpu) pixels_ = Tensor(images_.shape(), DType::uint8, device);
  if (dataset.is_resident()) return;
  fetcher_ = std::make_unique<BatchFetcher>(dataset, batch, Device::cpu);
  numbers_.resize(static_cast<std::size_t>(total()));
  std::iota(numbers_.begin(), numbers_.end(), 0);
}

Tensor UnitRange::bytes_from(std::int64_t first, std::int64_t count) {
  if (fetcher_ == nullptr) return dataset_.pixels().rows(first, first + count);
  const auto rows = [&](std::int64_t begin) {
    const std::int64_t most = std::min(batch(), total() - begin);
    return std::span(numbers_).subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(most));
  };
  const Tensor bytes = fetcher_->get(rows(first));
  if (first + count < total()) fetcher_->expect(rows(first + count));
  return bytes;
}

Tensor UnitRange::operator()(std::int64_t first) {
  const std::int64_t count = std::min(batch(), total() - first);
  Tensor from = bytes_from(first, count);
  if (!pixels_.empty()) {
    Tensor there = pixels_.rows(0, count);
    copy(from, there);
    from = there;
  }
  Tensor images = images_.rows(0, count);
  ops::unit_range(from, each_.rows(0, count), images);
  return images;
}

ShownImages::ShownImages(const Dataset& dataset, const Choice& views, std::int64_t batch, DType dtype, Device device)
    : batch_(batch), total_(dataset.size()) {
  const ViewPlan plan = plan_views(views, dataset.image_shape());
  if (plan.keeps(dataset.image_shape())) {
    whole_.emplace(dataset, batch, dtype, device);
    return;
  }
  const ViewSource source{.dataset = dataset, .seed = 0, .batch = batch, .device = device};
  views_ = ViewsRegistry::instance().make(views.kind, views.settings, source);
  grid_ = plan.grid;
  numbers_ = iota(total_, device);
  images_ = Tensor(batch_of(plan.rows(batch), plan.image), dtype, device);
}

Tensor ShownImages::operator()(std::int64_t first) {
  if (whole_) return (*whole_)(first);
  const Tensor rows = rows_from(first);
  Tensor images = images_.rows(0, rows.size() * grid_.size());
  views_->show(rows, images);
  if (first + batch_ < total_) views_->expect(rows_from(first + batch_));
  return images;
}

Tensor ShownImages::rows_from(std::int64_t first) const {
  return numbers_.rows(first, std::min(first + batch_, total_));
}

namespace {

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
    : blocks_(checked(std::move(blocks), network.depth())),
      network_(network),
      dataset_(dataset),
      views_(views),
      grid_(grid_of(network, views, dataset.image_shape())),
      batch_(images_at_a_time(network, grid_, dataset.size())),
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
  ShownImages shown(dataset_, views_, batch_, network_.setup().dtype, network_.setup().device);
  const std::int64_t total = shown.total();
  for (std::int64_t first = 0; first < total; first += batch_) {
    Tensor images = shown(first);
    network_.scale_input(images);
    const std::int64_t count = images.extent(0) / grid_.size();
    pass_.run(images, kept_);
    for (std::size_t i = 0; i < blocks_.size(); ++i) outputs_[i] = output(i, count);
    take(first, outputs_);
    if (progress) progress(first + count, total, "");
  }
}

std::vector<Features> make_features(const Network& network, const std::vector<int>& blocks, const Dataset& dataset,
                                    const FeatureStorage& kept) {
  std::vector<Features> features;
  for (const int block : blocks) {
    const std::int64_t size = network.block(block).plan().output.size();
    features.push_back({FeatureTable({dataset.size(), size}, kept, network.setup().device), labels_of(dataset)});
  }
  return features;
}

void fill_features(FeatureReader& reader, std::span<Features> features, const Progress& progress) {
  reader.read(
      [&](std::int64_t first, std::span<const Tensor> outputs) {
        for (std::size_t i = 0; i < outputs.size(); ++i) features[i].values.write(first, outputs[i]);
      },
      progress);
}

std::vector<Features> extract_features(Network& network, const std::vector<int>& blocks, const Dataset& dataset,
                                       const FeatureStorage& kept, const Progress& progress, const Choice& views) {
  std::vector<Features> features = make_features(network, blocks, dataset, kept);
  FeatureReader reader(network, blocks, dataset, views);
  fill_features(reader, features, progress);
  return features;
}

std::vector<std::vector<int>> share_passes(std::span<const std::int64_t> bytes, std::int64_t budget) {
  std::vector<std::vector<int>> passes;
  std::int64_t held = 0;
  for (std::size_t block = 0; block < bytes.size(); ++block) {
    if (passes.empty() || held + bytes[block] > budget) {
      passes.emplace_back();
      held = 0;
    }
    passes.back().push_back(static_cast<int>(block));
    held += bytes[block];
  }
  return passes;
}

Features pixel_features(const Dataset& dataset, Device device, const FeatureStorage& kept) {
  const std::int64_t total = dataset.size();
  Features features{FeatureTable({total, dataset.image_shape().size()}, kept, device), labels_of(dataset)};
  UnitRange images(dataset, std::min(ForwardPass::group(device), total), kept.dtype, device);
  for (std::int64_t first = 0; first < total; first += images.batch()) {
    features.values.write(first, images(first));
  }
  return features;
}

}  // namespace biossl
