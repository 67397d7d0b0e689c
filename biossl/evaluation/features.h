#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "biossl/core/progress.h"
#include "biossl/core/tensor.h"
#include "biossl/data/dataset.h"
#include "biossl/evaluation/feature_table.h"
#include "biossl/network/forward_pass.h"

namespace biossl {

/// What a linear probe reads: one row of numbers an image, and the image's label.
struct Features {
  FeatureTable values;  ///< (N, F)
  Tensor labels;        ///< (N) int32, in host memory
};

/// 0, 1, … size-1, int32.
Tensor counted(std::int64_t size, Device device);

/// Brings images to a device, a batch at a time, as numbers in [0,1].
class UnitRange {
 public:
  /// image: (H, W, C)
  UnitRange(const Shape& image, std::int64_t batch, DType dtype, Device device);

  std::int64_t batch() const { return images_.extent(0); }
  /// Images first .. of `pixels` (M, H, W, C) uint8 in host memory, at most a batch of them; until the next call.
  Tensor operator()(const Tensor& pixels, std::int64_t first);

 private:
  Tensor images_;  // (batch, H, W, C)
  Tensor pixels_;  // the same as bytes; empty where they are read where they lie
  Tensor each_;    // 0 .. batch-1
};

/// Runs images up a frozen encoder, forward only, and hands the outputs of the wanted blocks on batch by batch.
class FeatureReader {
 public:
  /// blocks: indices, rising. batch: images at a time.
  FeatureReader(const Network& network, std::vector<int> blocks, std::int64_t batch);

  /// Calls take(first image, outputs) for every batch of `pixels` (M, H, W, C) uint8, in host memory, in order;
  /// outputs[k] (n, H', W', C') in the compute type belongs to blocks[k] and lives until take returns. One pass,
  /// whatever the number of blocks.
  using Take = std::function<void(std::int64_t first, std::span<const Tensor> outputs)>;
  void read(const Tensor& pixels, const Take& take, const Progress& progress = {});

 private:
  std::vector<int> blocks_;
  const Network& network_;
  UnitRange images_;
  ForwardPass pass_;
  std::vector<Activity> kept_;   // the wanted blocks' outputs
  std::vector<Tensor> outputs_;  // views of them, for the images at hand
};

/// Features of every image of a data set at each of the blocks (rising indices), from one pass.
std::vector<Features> extract_features(Network& network, const std::vector<int>& blocks, const Dataset& dataset,
                                       const FeatureStorage& kept, const Progress& progress = {});
/// Which blocks to read in one pass over the images, when the features of block i take bytes[i] and those of a pass may
/// take `budget` together: neighbours together, in as few passes as fit. A block that is larger alone has a pass alone.
std::vector<std::vector<int>> share_passes(std::span<const std::int64_t> bytes, std::int64_t budget);
/// The raw pixels in [0,1] as features.
Features pixel_features(const Dataset& dataset, Device device, const FeatureStorage& kept);

}  // namespace biossl
