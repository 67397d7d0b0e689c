#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "biossl/core/state.h"
#include "biossl/network/block.h"
#include "biossl/network/head.h"
#include "biossl/network/spec.h"

namespace biossl {

/// A chain of blocks, the encoder, and the heads that a rule has put on them. The same seed gives the same starting
/// weights on every device, whatever heads there are.
class Network {
 public:
  /// image: (H, W, C). Throws std::invalid_argument for an impossible network.
  Network(const NetworkSpec& spec, const Shape& image, const SynapsesSetup& setup);

  const NetworkSpec& spec() const { return spec_; }
  const Shape& image() const { return image_; }
  const SynapsesSetup& setup() const { return setup_; }
  int depth() const { return static_cast<int>(blocks_.size()); }
  Block& block(int index) { return *blocks_[static_cast<std::size_t>(index)]; }
  const Block& block(int index) const { return *blocks_[static_cast<std::size_t>(index)]; }
  /// Brings images in [0,1], (N, H, W, C) in the compute type, in place to the scale that the first block sees.
  void scale_input(Tensor& images) const;
  /// Puts the network's head on a block where it has none yet. A rule does so when it is made, so that a checkpoint
  /// holds its heads from the start.
  Head& add_head(int index);
  /// The head on a block; throws std::invalid_argument where there is none.
  Head& head(int index);
  bool has_head(int index) const { return heads_[static_cast<std::size_t>(index)] != nullptr; }

  /// Everything that a checkpoint keeps: blocks.L.weight, blocks.L.bias, heads.L.weight, …; with `learning`, optimiser
  /// and feedback state too.
  State state(bool learning);
  /// Called after the state has been written from a checkpoint.
  void restored();
  /// The path that each layer has really used so far.
  std::vector<PathRecord> path_records();
  /// A run that goes on counts its errors on from these; layers they do not name start from 0.
  void continue_counting(const std::vector<PathRecord>& records);

 private:
  template <class Visitor>
  void each_synapses(const Visitor& visit);

  NetworkSpec spec_;
  Shape image_;
  SynapsesSetup setup_;
  std::vector<std::unique_ptr<Block>> blocks_;
  std::vector<std::unique_ptr<Head>> heads_;  // null where none was asked for
};

}  // namespace biossl
