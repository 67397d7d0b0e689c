#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "biossl/core/device.h"
#include "biossl/recipe/recipe.h"

namespace biossl {

/// Equal blocks one behind the other: 3x3 convolutions with as many channels as the images have, hardtanh, no pooling.
/// Heads average-pool the map to 2x2, so that they hold few weights.
struct EqualBlocks {
  std::int64_t channels = 32;
  std::int64_t size = 32;  ///< side of the images, and so of every map
  std::int64_t depth = 4;  ///< blocks
};

/// What learning takes in memory, bytes.
struct MemoryUse {
  std::int64_t activity = 0;  ///< counted: all that activity and errors are laid out in
  std::int64_t learnt = 0;    ///< counted: weights, optimiser state and feedback, as a checkpoint keeps them
  /// Measured: by how much the peak of the resident set rose while network and rule were made and took a step of every
  /// kind, after such steps on two blocks, which make the primitives and their scratchpad. Batch and loss included.
  /// None where the system cannot restart the peak, and on a GPU, whose memory is not counted so.
  std::optional<std::int64_t> resident = {};
};

/// In place of a rule: the encoder frozen, run up to its last block, whose output is kept.
inline constexpr std::string_view frozen = "frozen";

/// The memory that a rule, or `frozen`, takes on a chain with the recipe's loss, batch, feedback, optimiser and
/// precision. The rule has its default settings unless it is the recipe's. Throws std::invalid_argument for an
/// impossible chain or rule.
MemoryUse measure_memory(const Recipe& recipe, const std::string& rule, const EqualBlocks& blocks, Device device);

}  // namespace biossl
