#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "biossl/core/workspace.h"
#include "biossl/network/network.h"

namespace biossl {

/// Runs images up the first blocks of a network, a group of them at a time, so that what one block writes is still in
/// the cache when the next one reads it. Whatever need not be kept passes through two buffers of a group's size,
/// whatever the depth and the number of images.
class ForwardPass {
 public:
  /// Images in a group: few enough for the cache, enough to keep every core at work. A GPU has many more.
  static constexpr std::int64_t group(Device device) { return device == Device::cuda ? 1024 : 100; }

  /// Up to block `last`; up to `rows` images.
  ForwardPass(const Network& network, int last, std::int64_t rows);

  void prepare(Workspace& workspace);
  /// images (N, H, W, C). kept[k], one for each of blocks 0..last, says what to keep of block k: its output or argmax,
  /// where that tensor is not empty, for N images or more.
  void run(const Tensor& images, std::span<const Activity> kept);

 private:
  void run_group(Tensor input, std::span<const Activity> kept, std::int64_t first);

  const Network& network_;
  int last_;
  std::int64_t rows_;
  std::array<Tensor, 2> maps_;  // flat; activity goes from one to the other on its way up
  Tensor argmax_;               // flat
};

}  // namespace biossl
