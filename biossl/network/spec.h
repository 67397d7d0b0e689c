#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "biossl/core/shape.h"
#include "biossl/losses/head_kind.h"
#include "biossl/ops/types.h"

namespace biossl {

/// One block: a convolution, then max-pooling, then a nonlinearity.
struct BlockSpec {
  std::int64_t channels = 32;
  Activation activation = Activation::none;
  std::int64_t pool = 1;  ///< side of the max-pool's square; 1: none
  bool bias = false;
  Conv2d conv;

  bool operator==(const BlockSpec& other) const;
};

/// What turns a block's output into an embedding: average-pooling, a linear layer, a nonlinearity. The kind is what the
/// loss asks for; a prediction head heeds nothing else here.
struct HeadSpec {
  HeadKind kind = HeadKind::linear;
  std::int64_t features = 64;
  std::int64_t average_pool = 1;  ///< side of the average-pool's square; 1: none
  Activation activation = Activation::none;
  bool bias = false;
};

/// What the first block sees of an image's values x, which lie in [0,1]: (x - mean) / std, of every channel alike.
struct InputScale {
  double mean = 0;
  double std = 1;

  bool is_identity() const { return mean == 0 && std == 1; }
};

/// A network as a recipe writes it.
struct NetworkSpec {
  std::vector<BlockSpec> blocks;
  HeadSpec head;
  InputScale input{};
};

/// One stage of a network on inputs of a given size, for tables and for planning.
struct BlockPlan {
  Shape input;     ///< (H, W, C)
  Shape unpooled;  ///< the convolution's output
  Shape output;
  std::int64_t parameters;
  std::int64_t operations;  ///< multiplications and additions of one image's forward pass
};

/// A head, likewise.
struct HeadPlan {
  std::int64_t features;  ///< numbers in an embedding
  std::int64_t parameters;
  std::int64_t operations;  ///< of one image's forward pass; of a prediction head: of one pair's
};

/// The shapes of every block on images (H, W, C). Throws std::invalid_argument, naming the block, where a map would
/// shrink to nothing or a setting is impossible.
std::vector<BlockPlan> plan(const NetworkSpec& spec, const Shape& image);
/// The map that the head's synapses see on top of a block with this output; throws likewise.
Shape head_input(const HeadSpec& head, const Shape& block_output);
/// A head on a block with this output; throws likewise.
HeadPlan plan_head(const HeadSpec& head, const Shape& block_output);

/// The published networks by name (docs/rules_and_losses.md): conv6, vgg6, tanh4. Throws std::invalid_argument with the
/// known names.
NetworkSpec preset(std::string_view name);
std::vector<std::string> preset_names();
std::string_view preset_summary(std::string_view name);

}  // namespace biossl
