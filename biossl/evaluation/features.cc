#include "biossl/evaluation/features.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "biossl/core/error.h"
#include "biossl/ops/ops.h"

namespace biossl {
namespace {

/// Images that go up the encoder at a time: few enough for their activity to stay in the cache, enough to keep every
/// core at work.
constexpr std::int64_t reading_batch = 100;

void count_up(Tensor& rows, std::int64_t first) {
  auto numbers = rows.span<std::int32_t>();
  std::iota(numbers.begin(), numbers.end(), static_cast<std::int32_t>(first));
}

Tensor labels_of(const Dataset& dataset) {
  Tensor labels({dataset.size()}, DType::int32, Device::cpu);
  std::copy(dataset.labels().begin(), dataset.labels().end(), labels.data<std::int32_t>());
  return labels;
}

}  // namespace

FeatureReader::FeatureReader(Network& network, std::vector<int> blocks, std::int64_t batch)
    : network_(network), blocks_(std::move(blocks)), batch_(batch) {
  check(!blocks_.empty() && std::is_sorted(blocks_.begin(), blocks_.end()) && blocks_.front() >= 0 &&
            blocks_.back() < network.depth(),
        "features", "the blocks to read must be rising numbers below {}", network.depth());
  const Shape& image = network.image();
  const SynapsesSetup& setup = network.setup();
  images_ = Tensor({batch, image[0], image[1], image[2]}, setup.dtype, setup.device);
  rows_ = Tensor({batch}, DType::int32, setup.device);
  for (int index = 0; index <= blocks_.back(); ++index)
    activities_.push_back(network.block(index).make_activity(batch));
  outputs_.resize(blocks_.size());
}

void FeatureReader::read(const Tensor& pixels, const Take& take, const Progress& progress) {
  const std::int64_t total = pixels.extent(0);
  for (std::int64_t first = 0; first < total; first += batch_) {
    const std::int64_t count = std::min(batch_, total - first);
    Tensor rows = rows_.rows(0, count);
    count_up(rows, first);
    Tensor images = images_.rows(0, count);
    ops::unit_range(pixels, rows, images);
    Tensor input = images;
    auto wanted = outputs_.begin();
    for (int index = 0; index <= blocks_.back(); ++index) {
      Activity activity = activities_[static_cast<std::size_t>(index)].rows(0, count);
      network_.block(index).forward(input, activity);
      input = activity.output;
      if (blocks_[static_cast<std::size_t>(wanted - outputs_.begin())] == index) *wanted++ = activity.output;
    }
    take(first, outputs_);
    if (progress) progress(first + count, total, "");
  }
}

std::vector<Features> extract_features(Network& network, const std::vector<int>& blocks, const Dataset& dataset,
                                       DType kept, const Progress& progress) {
  check(dataset.image_shape() == network.image(), "features", "the images are {}, the network was made for {}",
        to_string(dataset.image_shape()), to_string(network.image()));
  std::vector<Features> features;
  for (const int block : blocks) {
    const std::int64_t size = network.block(block).plan().output.size();
    features.push_back({Tensor({dataset.size(), size}, kept, network.setup().device), labels_of(dataset)});
  }
  FeatureReader reader(network, blocks, std::min(reading_batch, dataset.size()));
  reader.read(
      dataset.pixels(),
      [&](std::int64_t first, std::span<const Tensor> outputs) {
        for (std::size_t i = 0; i < outputs.size(); ++i) {
          const std::int64_t count = outputs[i].extent(0);
          Tensor place = features[i].values.rows(first, first + count).reshaped(outputs[i].shape());
          ops::convert(outputs[i], place);
        }
      },
      progress);
  return features;
}

Features pixel_features(const Dataset& dataset, Device device, DType kept) {
  Tensor values({dataset.size(), dataset.image_shape().size()}, kept, device);
  Tensor rows({dataset.size()}, DType::int32, device);
  count_up(rows, 0);
  const Tensor& pixels = dataset.pixels();
  Tensor images = values.reshaped(pixels.shape());
  ops::unit_range(pixels, rows, images);
  return {values, labels_of(dataset)};
}

}  // namespace biossl
