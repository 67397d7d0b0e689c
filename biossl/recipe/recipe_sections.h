#pragma once

#include <string>

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
/// Its name as a recipe is written: data."my set". A name that holds dots is one part of it.
std::string written_data_section(const std::string& name);

/// Whether [network.head] is that of a linear head where the head is of this kind: also for a head that predicts and
/// has no options of its own, beside which a recipe may hold those of a linear one for another loss.
bool holds_linear_head(const std::string& kind);

ConvolutionOptions to_recipe(const BlockSpec& spec);
LinearHeadOptions to_recipe(const HeadSpec& spec);
/// Throw std::invalid_argument for an unknown activation.
BlockSpec to_spec(const ConvolutionOptions& recipe);
HeadSpec to_spec(const LinearHeadOptions& recipe, const std::string& kind);

}  // namespace biossl
