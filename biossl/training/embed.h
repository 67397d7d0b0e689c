#pragma once

#include <filesystem>
#include <optional>

#include "biossl/core/progress.h"
#include "biossl/data/dataset.h"
#include "biossl/network/network.h"

namespace biossl {

/// Writes what a network makes of every image of a data set, in its order, as float32 .npy: the output of a block,
/// (N, C, H, W), or without one the embeddings of the last block's head, (N, D). Works batch by batch: the array need
/// not fit into memory. Throws std::invalid_argument for a block that the network does not have or images of another
/// size than it was made for.
void write_features(Network& network, std::optional<int> block, const Dataset& images,
                    const std::filesystem::path& path, const Progress& progress = {});

/// Writes the labels of a data set, (N) int32.
void write_labels(const Dataset& images, const std::filesystem::path& path);

}  // namespace biossl
