#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "biossl/core/error.h"
#include "biossl/data/cropped_images.h"
#include "biossl/data/views.h"
#include "biossl/losses/loss.h"
#include "biossl/network/network.h"
#include "biossl/recipe/data_sets.h"
#include "biossl/recipe/recipe.h"
#include "biossl/rules/rule.h"

namespace biossl {

/// The recipe's loss with one feature, to ask for its properties. Throws std::invalid_argument.
std::unique_ptr<Loss> trial_loss(const Recipe& recipe);
/// The same of another loss, for so many pairs.
std::unique_ptr<Loss> trial_loss(const Choice& loss, std::int64_t batch);
/// The recipe's network with the head for its loss. Throws std::invalid_argument.
NetworkSpec network_spec(const Recipe& recipe);
/// The kind of that head: the recipe's, or where it says "auto" the one that the loss asks for.
std::string head_kind(const Recipe& recipe);
/// What reading this network takes of the recipe's components.
ReadingTraits reading_traits(const Recipe& recipe, const NetworkSpec& network);
/// Whether a run of this recipe learns from labels.
bool uses_labels(const Recipe& recipe);
/// The views as a network that learnt from them is shown images: the recipe's; where these are absent and show whole
/// images, those. Throws BadInput where absent ones show something else.
Choice reading_views(const Recipe& recipe);
/// What the recipe's views make of images (H, W, C). Throws BadInput for images that these views cannot be made of, and
/// where data.mean and std would scale values that the views have scaled.
ViewPlan view_plan(const Recipe& recipe, const Shape& image);
/// Throws BadInput, with advice, if the device cannot make the recipe's views. Needs no data.
void check_views_device(const Recipe& recipe, Device device);
/// What probe.augment cuts out of a probe's images (H, W, C): what the network sees of one, or the square that is cut
/// into patches, without scaling. Throws BadInput for images that are smaller, and as view_plan does.
CropSize probe_crop(const Recipe& recipe, const Shape& image);
/// An untrained network that sees images (H, W, C), as the views' plan has them. Where the feedback path or the
/// optimiser is absent, it has another one: it is for reading.
std::unique_ptr<Network> make_network(const Recipe& recipe, const Shape& image, Device device);
/// Makes the recipe's loss for each head of this network.
LossFactory loss_factory(const Recipe& recipe, const Network& network, const ViewPlan& views = {});
/// The recipe's rule on this network, which must outlive it. Throws BadInput where its loss compares whole images and
/// the views are cut into patches, or the other way round.
std::unique_ptr<LearningRule> make_rule(const Recipe& recipe, Network& network, const ViewPlan& views = {});
/// The parts of a recipe with buffers for two pairs, to ask for their properties and to find parts that do not fit
/// together. Needs no data, but the shape of the images to learn from. Throws BadInput.
struct DryBuild {
  DryBuild(Recipe recipe, const Shape& image);

  ViewPlan views;
  std::unique_ptr<Network> network;
  std::unique_ptr<Loss> loss;
  std::unique_ptr<LearningRule> rule;
};
/// Epochs of the whole run, as the recipe's rule counts them.
std::int64_t total_epochs(const Recipe& recipe);

}  // namespace biossl
