#pragma once

#include "biossl/network/convolution_block.h"
#include "biossl/network/linear_head.h"
#include "biossl/recipe/recipe.h"

// The parts of [network] as options structs, like the other sections.

namespace biossl {

/// [network]
struct NetworkRecipe {
  std::string preset;
  double width = 1;

  template <class Visitor>
  void visit(Visitor& field) {
    field("preset", preset, "a published network by name");
    field("width", width, "times the preset's channels in every block; below 1 for quick trials");
  }
};

/// The section that holds a data set's own settings.
inline std::string data_section(const std::string& name) { return "data." + name; }

ConvolutionOptions to_recipe(const BlockSpec& spec);
LinearHeadOptions to_recipe(const HeadSpec& spec);
/// Throw std::invalid_argument for an unknown activation.
BlockSpec to_spec(const ConvolutionOptions& recipe);
HeadSpec to_spec(const LinearHeadOptions& recipe, const std::string& kind);

}  // namespace biossl
