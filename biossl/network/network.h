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

/// A sequence of blocks, the encoder, and the heads that a rule has put on them. The same seed gives the same starting
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

  /// Visits every layer of blocks and heads: "blocks.0", "heads.4"; those of a block of several layers "blocks.0.1".
  void each_layer(const LayerVisitor& visit);
  /// Everything that a checkpoint keeps: blocks.L.weight, blocks.L.bias, heads.L.weight, …; with `learning`, optimiser
  /// and feedback state too.
  State state(bool learning);
  /// Called after the state has been written from a checkpoint.
  void restored();
  /// Whoever looks at every layer from now on; null: nobody.
  void set_observer(Observer* observer);
  /// Lets feedback paths learn that do so between steps.
  void between_steps(const StepContext& context);
  /// The path that each layer has really used so far.
  std::vector<PathRecord> path_records();
  /// A resumed run continues to count its errors from these; layers they do not name start from 0.
  void continue_counting(const std::vector<PathRecord>& records);

 private:
  NetworkSpec spec_;
  Shape image_;
  SynapsesSetup setup_;
  std::vector<std::unique_ptr<Block>> blocks_;
  std::vector<std::unique_ptr<Head>> heads_;  // null where none was asked for
  Observer* observer_ = nullptr;
};

/// The block that a specification describes. Throws std::invalid_argument, naming the block, for an impossible one.
std::unique_ptr<Block> make_block(const BlockSpec& spec, const BlockSetup& setup);
/// The head that a specification describes; throws likewise.
std::unique_ptr<Head> make_head(const HeadSpec& spec, const HeadSetup& setup);

}  // namespace biossl
