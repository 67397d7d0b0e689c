#include "biossl/data/summary.h"

#include <array>
#include <cmath>

namespace biossl {

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
  std::size_t channel = 0;
  for (const std::uint8_t value : dataset.pixels().span<const std::uint8_t>()) {
    ++histogram[channel][value];
    if (++channel == channels) channel = 0;
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
