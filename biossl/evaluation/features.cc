#include "biossl/evaluation/features.h"

#include <algorithm>

#include "biossl/core/error.h"
#include "biossl/evaluation/whole_images.h"

namespace biossl {
namespace {

Tensor labels_of(const Dataset& dataset) {
  check(dataset.is_labelled(), "features", "a probe needs a label for every image, and this data set has none");
  Tensor labels({dataset.size()}, DType::int32, Device::cpu);
  std::copy(dataset.labels().begin(), dataset.labels().end(), labels.data<std::int32_t>());
  return labels;
}

}  // namespace

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
  WholeImages images(dataset, std::min(ForwardPass::group(device), total), kept.dtype, device);
  for (std::int64_t first = 0; first < total; first += images.batch()) {
    features.values.write(first, images(first));
  }
  return features;
}

}  // namespace biossl
