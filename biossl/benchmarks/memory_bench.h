#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "biossl/core/device.h"
#include "biossl/recipe/recipe.h"

namespace biossl {

/// A chain of equal blocks: 3x3 convolutions with as many channels as the images, hardtanh, no pooling. Heads
/// average-pool the map to 2x2, so that they have few weights.
struct EqualBlocks {
  std::int64_t channels = 32;
  std::int64_t size = 32;  ///< side of the images and of every map
  std::int64_t depth = 4;  ///< blocks
};

/// Memory of learning, in bytes.
struct MemoryUse {
  std::int64_t activity = 0;  ///< counted: all memory for activity and errors
  std::int64_t learnt = 0;    ///< counted: weights, optimiser state and feedback, as in a checkpoint
  /// Measured: the rise of the peak resident set while network and rule are made and take a step of every kind,
  /// including batch and loss. Steps on two blocks come first, which make the primitives and their scratchpad.
  /// std::nullopt if the system cannot restart the peak, and on a GPU.
  std::optional<std::int64_t> resident = {};
};

/// Instead of a rule: a frozen encoder that keeps the output of its last block.
inline constexpr std::string_view frozen = "frozen";

/// The memory of a rule, or of `frozen`, on a chain with the recipe's loss, batch, feedback, optimiser and precision. A
/// rule other than the recipe's has default settings. Throws std::invalid_argument for an invalid chain or rule.
MemoryUse measure_memory(const Recipe& recipe, const std::string& rule, const EqualBlocks& blocks, Device device);

}  // namespace biossl
