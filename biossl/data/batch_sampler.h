#pragma once

#include <cstdint>
#include <span>

#include "biossl/core/tensor.h"

namespace biossl {

/// Divides a random permutation of the images 0 .. images-1, or of chosen ones, into batches. ops::random_permutation
/// draws it on the device from (seed, epoch, number of images). Every image is in exactly one batch; the last batch may
/// be short. Allocates in the constructor only.
class BatchSampler {
 public:
  /// Throws std::invalid_argument unless images and batch are positive. Starts with epoch 0.
  BatchSampler(std::uint64_t seed, std::int64_t images, std::int64_t batch, Device device);

  /// The same for the images chosen[0], chosen[1], …
  BatchSampler(std::uint64_t seed, std::span<const std::int32_t> chosen, std::int64_t batch, Device device);

  /// Number of images of an epoch.
  std::int64_t images() const { return order_.size(); }
  /// Draws the permutation of an epoch. Batches handed out before change too.
  void start_epoch(std::uint32_t epoch);
  /// Batches per epoch: images / batch, rounded up.
  std::int64_t batches() const;
  /// The images of batch 0 .. batches()-1: int32, (at most batch), on the device. A view of the epoch's permutation.
  Tensor rows(std::int64_t batch) const;

 private:
  std::uint64_t seed_;
  std::int64_t batch_;
  Tensor order_;        // images of the current epoch
  Tensor chosen_;       // host; empty: all images are
  Tensor permutation_;  // of the chosen images' places, host
};

}  // namespace biossl
