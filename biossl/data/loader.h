#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "biossl/core/tensor.h"

namespace biossl {

/// The order in which an epoch sees the images 0 .. images-1: a uniform random permutation (Fisher-Yates) that depends
/// on (seed, epoch, images) only.
std::vector<std::int32_t> epoch_order(std::uint64_t seed, std::uint32_t epoch, std::int64_t images);
/// The same, into memory of the caller's: order.size() images.
void epoch_order(std::uint64_t seed, std::uint32_t epoch, std::span<std::int32_t> order);

/// Cuts each epoch's order into batches. Every image is in exactly one batch; the last batch may be short. Memory is
/// sized once, in the constructor.
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
  Tensor order_;     // on the host
  Tensor resident_;  // on the device: order_ itself where the device is the host
};

}  // namespace biossl
