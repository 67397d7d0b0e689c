#include "biossl/recipe/recipe_sections.h"

#include "biossl/network/head.h"
#include "biossl/recipe/toml_document.h"

namespace biossl {

std::string written_data_section(const std::string& name) { return data_section(toml_key(name)); }

bool holds_linear_head(const std::string& kind) {
  const auto heads = HeadRegistry::instance().entries();
  const auto head = heads.find(kind);
  if (kind == "linear" || head == heads.end()) return kind == "linear";
  return head->second.traits.predicts != nullptr && head->second.fields.empty();
}

ConvolutionOptions to_recipe(const BlockSpec& spec) {
  return {.channels = spec.channels,
          .activation = std::string(name_of(spec.activation)),
          .pool = spec.pool,
          .bias = spec.bias,
          .kernel = spec.conv.kernel,
          .stride = spec.conv.stride,
          .padding = spec.conv.padding,
          .kernel_height = spec.conv.kernel_height,
          .stride_height = spec.conv.stride_height,
          .padding_height = spec.conv.padding_height};
}

LinearHeadOptions to_recipe(const HeadSpec& spec) {
  return {.features = spec.features,
          .average_pool = spec.average_pool,
          .activation = std::string(name_of(spec.activation)),
          .bias = spec.bias};
}

BlockSpec to_spec(const ConvolutionOptions& recipe) {
  return {.channels = recipe.channels,
          .activation = activation_named(recipe.activation),
          .pool = recipe.pool,
          .bias = recipe.bias,
          .conv = recipe.conv()};
}

HeadSpec to_spec(const LinearHeadOptions& recipe, const std::string& kind) {
  return {.features = recipe.features,
          .average_pool = recipe.average_pool,
          .activation = activation_named(recipe.activation),
          .bias = recipe.bias,
          .kind = kind};
}

}  // namespace biossl
