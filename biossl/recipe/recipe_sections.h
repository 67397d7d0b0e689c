#pragma once

#include "biossl/recipe/recipe.h"

// The parts of [network] as options structs, like the other sections.

namespace biossl {

/// [network]
struct NetworkRecipe {
  std::string preset;

  template <class Visitor>
  void visit(Visitor& field) {
    field("preset", preset, "a published network by name");
  }
};

/// One of [[network.blocks]].
struct BlockRecipe {
  std::int64_t channels = 32;
  std::string activation = "none";
  std::int64_t pool = 1;
  bool bias = false;
  std::int64_t kernel = 3;
  std::int64_t stride = 1;
  std::int64_t padding = 1;

  template <class Visitor>
  void visit(Visitor& field) {
    field("channels", channels, "output maps of the convolution");
    field("activation", activation, "\"none\", \"hardtanh\", \"tanh\" or \"relu\", after the pool");
    field("pool", pool, "side of the max-pool's square; 1: none");
    field("bias", bias, "whether the convolution has a bias");
    field("kernel", kernel, "side of the convolution's square");
    field("stride", stride, "steps of the convolution");
    field("padding", padding, "zeros around its input");
  }
};

/// [network.head]
struct HeadRecipe {
  std::int64_t features = 64;
  std::int64_t average_pool = 1;
  std::string activation = "none";
  bool bias = false;

  template <class Visitor>
  void visit(Visitor& field) {
    field("features", features, "numbers in an embedding (D)");
    field("average_pool", average_pool, "side of the average-pool's square before the linear layer; 1: none");
    field("activation", activation, "\"none\", \"hardtanh\", \"tanh\" or \"relu\"");
    field("bias", bias, "whether the linear layer has a bias");
  }
};

BlockRecipe to_recipe(const BlockSpec& spec);
HeadRecipe to_recipe(const HeadSpec& spec);
/// Throw std::invalid_argument for an unknown activation.
BlockSpec to_spec(const BlockRecipe& recipe);
HeadSpec to_spec(const HeadRecipe& recipe);

}  // namespace biossl
