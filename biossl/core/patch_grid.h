#pragma once

#include <cstdint>

namespace biossl {

/// A grid of patches that a view is cut into. The network sees each patch as an image of its own.
struct PatchGrid {
  std::int64_t rows = 1;
  std::int64_t columns = 1;

  std::int64_t size() const { return rows * columns; }
  /// False where the network sees whole images.
  bool is_cut() const { return size() > 1; }
};

}  // namespace biossl
