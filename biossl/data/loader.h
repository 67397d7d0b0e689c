#pragma once

#include <cstdint>

#include "biossl/core/tensor.h"

namespace biossl {

/// Cuts each epoch's order of the images 0 .. images-1 into batches: a permutation that ops::random_permutation draws
/// on the device from (seed, epoch, images) alone. Every image is in exactly one batch; the last batch may be short.
/// Memory is sized once, in the constructor.
class BatchLoader {
 public:
  /// Throws std::invalid_argument unless images and batch are positive. Starts with epoch 0.
  BatchLoader(std::uint64_t seed, std::int64_t images, std::int64_t batch, Device device);

  /// Shuffles for an epoch. Batches handed out before then show the new order.
  void start_epoch(std::uint32_t epoch);
  /// The number of batches of an epoch: images / batch, rounded up.
  std::int64_t batches() const;
  /// The images of batch 0 .. batches()-1: int32, (at most batch), on the device. A view of the epoch's order.
  Tensor rows(std::int64_t batch) const;

 private:
  std::uint64_t seed_;
  std::int64_t batch_;
  Tensor order_;  // of the epoch at hand
};

}  // namespace biossl
