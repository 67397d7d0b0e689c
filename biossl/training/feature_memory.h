#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "biossl/evaluation/features.h"
#include "biossl/recipe/recipe.h"
#include "biossl/runs/reporter.h"

namespace biossl {

/// Storage of a probe's features: in memory within a budget (probe.memory_gb; default: four fifths of the free memory),
/// or in a scratch file. The reporter is told what does not fit.
class FeatureMemory {
 public:
  /// images: of all splits of the probe. scratch: the folder of scratch files.
  FeatureMemory(const Recipe& recipe, Device device, std::int64_t images, std::filesystem::path scratch,
                Reporter& reporter);

  /// The blocks to probe, divided into passes over the images. The features of a pass fit into the budget, unless a
  /// single block exceeds it.
  std::vector<std::vector<int>> passes(const Network& network) const;
  /// Storage for features of `size` numbers per image. Throws std::runtime_error on a GPU if they do not fit: reading a
  /// file would be too slow.
  FeatureStorage storage(std::int64_t size, const std::string& name) const;
  /// Storage for the features of one of passes().
  FeatureStorage in_memory() const { return {.dtype = dtype_}; }

 private:
  std::int64_t budget() const;
  /// Bytes of all images' features, `size` numbers each.
  std::int64_t bytes_of(std::int64_t size) const;

  const Recipe& recipe_;
  Device device_;
  DType dtype_;
  std::int64_t images_;
  std::filesystem::path scratch_;
  Reporter& reporter_;
};

}  // namespace biossl
