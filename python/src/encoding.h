#pragma once

#include <optional>

#include "biossl/core/progress.h"
#include "biossl/core/settings.h"
#include "biossl/network/network.h"

namespace biossl::python {

/// What a network makes of images (N, H, W, C), as float32: the output of a block (N, H', W', C'), or without a block
/// the embeddings of the last head, (N, D). Images are uint8, shown as these views show them, or float32 in [0,1],
/// which only views of whole images can be. Works batch by batch. Throws std::invalid_argument where they do not fit.
Tensor encode(Network& network, const Tensor& images, std::optional<int> block, const Choice& views,
              const Progress& progress);

}  // namespace biossl::python
