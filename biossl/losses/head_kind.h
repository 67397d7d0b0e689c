#pragma once

#include <cstdint>

namespace biossl {

/// What stands on a block and makes the embeddings that a loss compares.
enum class HeadKind : std::uint8_t {
  linear,      ///< both views: a linear layer
  prediction,  ///< view 0: a learnt 1x1 convolution predicts view 1; view 1: the block's output itself
};

}  // namespace biossl
