#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "biossl/core/settings.h"
#include "biossl/ops/types.h"

namespace biossl {

/// One block as a recipe writes it: of the kind "convolution" with these options, or of another registered kind with
/// its settings.
struct BlockSpec {
  std::int64_t channels = 32;
  Activation activation = Activation::none;
  std::int64_t pool = 1;  ///< side of the max-pool's square; 1: none
  bool bias = false;
  Conv2d conv;
  std::string kind = "convolution";
  Settings settings = {};  ///< of another kind

  bool operator==(const BlockSpec& other) const;
};

/// What turns a block's output into an embedding: of the kind "linear" with these options, or of another registered
/// kind with its settings. "": the kind that the loss asks for.
struct HeadSpec {
  std::int64_t features = 64;
  std::int64_t average_pool = 1;  ///< side of the average-pool's square; 1: none
  Activation activation = Activation::none;
  bool bias = false;
  std::string kind = "linear";
  Settings settings = {};        ///< of another kind
  std::int64_t predictions = 1;  ///< that the loss asks for of a head which predicts; no option of a recipe
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

/// The published networks by name (docs/rules_and_losses.md): conv6, vgg6, tanh4. Every block has `width` times its
/// published channels, rounded, and at least one. Throws std::invalid_argument for an unknown name and for a width
/// outside (0, 64].
NetworkSpec preset(std::string_view name, double width = 1);
std::vector<std::string> preset_names();
std::string_view preset_summary(std::string_view name);

}  // namespace biossl
