#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "biossl/core/progress.h"
#include "biossl/core/tensor.h"
#include "biossl/evaluation/feature_reader.h"
#include "biossl/evaluation/feature_table.h"

namespace biossl {

/// The input of a linear probe: one row of numbers and one label per image.
struct Features {
  FeatureTable values;  ///< (N, F)
  Tensor labels;        ///< (N) int32, in host memory
};

/// Room for the features of every image of a data set at each of the blocks, and its labels.
std::vector<Features> make_features(const Network& network, const std::vector<int>& blocks, const Dataset& dataset,
                                    const FeatureStorage& kept);
/// Writes the outputs of the reader's blocks into the tables of one pass, in the order of the blocks.
void fill_features(FeatureReader& reader, std::span<Features> features, const Progress& progress = {});
/// Features of every image of a data set at each of the blocks (increasing indices), from one pass.
std::vector<Features> extract_features(Network& network, const std::vector<int>& blocks, const Dataset& dataset,
                                       const FeatureStorage& kept, const Progress& progress = {},
                                       const Choice& views = whole_images);
/// Divides blocks into passes over the images. The features of block i take bytes[i]; those of one pass fit into
/// `budget`. Neighbours are together, in as few passes as possible. A block above the budget has its own pass.
std::vector<std::vector<int>> share_passes(std::span<const std::int64_t> bytes, std::int64_t budget);
/// The raw pixels in [0,1] as features.
Features pixel_features(const Dataset& dataset, Device device, const FeatureStorage& kept);

}  // namespace biossl
