#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "biossl/core/progress.h"
#include "biossl/evaluation/feature_reader.h"

namespace biossl {

/// The shape of what a network makes of N images: the output of a block, (N, H', W', C'), or without a block the
/// embeddings of the last one's head, (N, D).
Shape encoded_shape(Network& network, std::optional<int> block, std::int64_t images);

/// Gets what a network makes of the images from `first` on, of encoded_shape, float32, on the network's device. Valid
/// until it returns.
using TakeEncoded = std::function<void(std::int64_t first, const Tensor& encoded)>;

/// Hands over what a network makes of images, batch by batch. The reader reads that block alone, or the last one; a
/// head must embed single images.
void encode(Network& network, std::optional<int> block, FeatureReader& reader, const TakeEncoded& take,
            const Progress& progress = {});

}  // namespace biossl
