#include "biossl/data/summary.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <span>

namespace biossl {
namespace {

constexpr std::int64_t batch = 256;  // images read at a time

}  // namespace

DatasetSummary summarize(const Dataset& dataset) {
  DatasetSummary summary;
  summary.images = dataset.size();
  summary.image_shape = dataset.image_shape();
  summary.class_names = dataset.class_names();
  summary.class_sizes.resize(dataset.class_names().size());
  for (const std::int32_t label : dataset.labels()) ++summary.class_sizes.at(static_cast<std::size_t>(label));

  // A histogram of the 256 values gives exact sums.
  const auto channels = static_cast<std::size_t>(dataset.image_shape()[2]);
  std::vector<std::array<std::int64_t, 256>> histogram(channels);
  std::vector<std::int32_t> rows;
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(batch * dataset.image_shape().size()));
  for (std::int64_t first = 0; first < dataset.size(); first += batch) {
    rows.resize(static_cast<std::size_t>(std::min(batch, dataset.size() - first)));
    std::iota(rows.begin(), rows.end(), static_cast<std::int32_t>(first));
    dataset.fetch(rows, bytes.data());
    std::size_t channel = 0;
    const std::size_t size = rows.size() * static_cast<std::size_t>(dataset.image_shape().size());
    for (const std::uint8_t value : std::span(bytes).first(size)) {
      ++histogram[channel][value];
      if (++channel == channels) channel = 0;
    }
  }
  for (const auto& counts : histogram) {
    double count = 0;
    double sum = 0;
    double squares = 0;
    for (std::size_t value = 0; value < counts.size(); ++value) {
      const double unit = static_cast<double>(value) / 255.0;
      const auto pixels = static_cast<double>(counts[value]);
      count += pixels;
      sum += pixels * unit;
      squares += pixels * unit * unit;
    }
    const double mean = count > 0 ? sum / count : 0.0;
    summary.channel_mean.push_back(mean);
    summary.channel_deviation.push_back(count > 0 ? std::sqrt(std::fmax(0.0, squares / count - mean * mean)) : 0.0);
  }
  return summary;
}

}  // namespace biossl
