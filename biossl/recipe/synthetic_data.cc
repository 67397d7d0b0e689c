#include "biossl/recipe/synthetic_data.h"

#include <algorithm>
#include <utility>

#include "biossl/data/views.h"
#include "biossl/recipe/components.h"

namespace biossl {
namespace {

Recipe on_world(Recipe recipe) {
  recipe.data.pretrain = "world";
  const auto suits = ViewsRegistry::instance().find(recipe.views.kind).traits.suit;
  if (suits != nullptr && !suits(*open_pretraining_images(recipe, {}))) recipe.views = {"identity", {}};
  return recipe;
}

}  // namespace

Recipe on_built_in_world(Recipe recipe, std::int64_t batch, std::int64_t images) {
  const bool is_built_in = traits_of_data_set(recipe, recipe.data.pretrain).shape != nullptr;
  recipe.data.images = images;
  recipe.train.batch = batch;
  if (!is_built_in) recipe = on_world(std::move(recipe));
  recipe.train.epochs = std::max<std::int64_t>(recipe.train.epochs, 1);
  if (trial_loss(recipe)->one_output_per_class()) {
    recipe.network.head.features = static_cast<std::int64_t>(open_pretraining_images(recipe, {})->class_names().size());
  }
  return recipe;
}

}  // namespace biossl
