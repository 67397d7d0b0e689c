#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "biossl/evaluation/features.h"
#include "biossl/recipe/recipe.h"
#include "biossl/runs/reporter.h"

namespace biossl {

/// Where a probe's features are kept: in memory within a budget (probe.memory_gb; by default four fifths of what is
/// free), or in a scratch file. The reporter is told of what does not fit.
class FeatureMemory {
 public:
  /// images: of the probe's splits together. scratch: the folder of scratch files.
  FeatureMemory(const Recipe& recipe, Device device, std::int64_t images, std::filesystem::path scratch,
                Reporter& reporter);

  /// The blocks to probe, divided into passes over the images whose features fit into memory together. A pass is larger
  /// than the budget where its only block is.
  std::vector<std::vector<int>> passes(const Network& network) const;
  /// Storage for features of `size` numbers an image. Throws std::runtime_error on a GPU where they do not fit: it
  /// would wait for the file.
  FeatureStorage storage(std::int64_t size, const std::string& name) const;
  /// Storage for the features of several blocks that passes() has put together.
  FeatureStorage in_memory() const { return {.dtype = dtype_}; }

 private:
  std::int64_t budget() const;
  /// Bytes of the features of all images, of which one has `size` numbers.
  std::int64_t bytes_of(std::int64_t size) const;

  const Recipe& recipe_;
  Device device_;
  DType dtype_;
  std::int64_t images_;
  std::filesystem::path scratch_;
  Reporter& reporter_;
};

}  // namespace biossl
