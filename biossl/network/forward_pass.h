#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "biossl/core/workspace.h"
#include "biossl/network/network.h"

namespace biossl {

/// Runs images through the first blocks of a network, a group of them at a time, so that what one block writes is still
/// in the cache when the next one reads it. Activity that is not kept passes through buffers of a group's size,
/// whatever the depth and the number of images. Where a block needs the whole batch, the batch is one group.
class ForwardPass {
 public:
  /// Images in a group: few enough for the cache, enough to keep every core at work. A GPU has many more.
  static constexpr std::int64_t group(Device device) { return device == Device::cuda ? 1024 : 100; }

  /// Up to block `last`; up to `rows` images. Blocks from `first_training` on compute for a learning step.
  ForwardPass(const Network& network, int last, std::int64_t rows, int first_training);
  /// Every block is only read.
  ForwardPass(const Network& network, int last, std::int64_t rows) : ForwardPass(network, last, rows, last + 1) {}

  void prepare(Workspace& workspace);
  /// images (N, H, W, C). kept[k], one for each of blocks 0..last, says what to keep of block k: output and each of
  /// Activity::kept where that tensor is not empty, for N images or more.
  void run(const Tensor& images, std::span<const Activity> kept);

 private:
  void run_group(Tensor input, std::span<const Activity> kept, std::int64_t first);
  /// The tensors that block `index` writes for a group whose first image is `first`; what is not kept goes to buffers.
  Activity place(int index, const Activity& keep, std::int64_t first, std::int64_t count) const;

  const Network& network_;
  int last_;
  std::int64_t rows_;
  int first_training_;
  std::array<Tensor, 2> maps_;  // flat; activity goes from one to the other on its way up
  Tensor scratch_;              // flat; of one block after the other
  Tensor spare_;                // bytes; what a block writes and nobody keeps
};

}  // namespace biossl
