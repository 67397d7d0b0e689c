#pragma once

#include <cstdint>

#include "biossl/core/random.h"

namespace biossl {

/// A data set whose images are the lowest strings of hidden trees (Capability; views "synonyms").
class SynonymSource {
 public:
  /// Levels of the trees, at least 1.
  virtual std::int64_t levels() const = 0;
  /// Writes another string of an image's hidden tree, (H, W, C) uint8: the lowest `redrawn` of its levels are drawn
  /// anew. Thread-safe.
  virtual void render_synonym(std::int64_t image, std::int64_t redrawn, Random random, std::uint8_t* to) const = 0;

 protected:
  ~SynonymSource() = default;
};

}  // namespace biossl
