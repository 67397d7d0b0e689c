#pragma once

#include <filesystem>
#include <optional>

#include "biossl/core/progress.h"
#include "biossl/data/dataset.h"
#include "biossl/evaluation/shown_images.h"
#include "biossl/network/network.h"

namespace biossl {

/// Writes a network's output for every image of a data set, in order, as float32 .npy: the output of a block, (N, C, H,
/// W), or without a block the embeddings of the last head, (N, D). Works batch by batch, so the array need not fit into
/// memory. Images are shown as the views that the network learns from show them (FeatureReader). Throws
/// std::invalid_argument for an unknown block, images of another size than the network's, a head that has no
/// embedding of a single image, or embeddings where views cut images into patches; std::runtime_error if outputs are
/// not finite or the file cannot be written.
void write_features(Network& network, std::optional<int> block, const Dataset& images,
                    const std::filesystem::path& path, const Progress& progress = {},
                    const Choice& views = whole_images);

/// Writes the labels of a data set, (N) int32. Throws std::invalid_argument if it has none.
void write_labels(const Dataset& images, const std::filesystem::path& path);

}  // namespace biossl
