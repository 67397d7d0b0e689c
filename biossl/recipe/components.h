#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "biossl/core/error.h"
#include "biossl/data/dataset.h"
#include "biossl/losses/loss.h"
#include "biossl/network/network.h"
#include "biossl/recipe/recipe.h"
#include "biossl/rules/rule.h"

namespace biossl {

/// Where a run finds its images and on which device it computes.
struct ExecutionContext {
  std::filesystem::path data;  ///< directory of the data sets; "" if none is needed
  Device device = Device::cpu;
  Progress progress = {};                           ///< of opening a data set, which may take long the first time
  std::function<void(std::string_view)> note = {};  ///< gets what is to be known of how a data set was read
};

/// The data sets of a recipe. Throws BadInput if parts of the recipe do not fit together.
std::unique_ptr<Dataset> open_pretraining_images(const Recipe& recipe, const ExecutionContext& place);
std::unique_ptr<Dataset> open_probe_images(const Recipe& recipe, const ExecutionContext& place, Split split);
/// (H, W, C) of the images to learn from, before they are opened.
Shape image_shape(const Recipe& recipe);
/// What a recipe asks of a data set, for `images` images of a split.
DatasetRequest dataset_request(const Recipe& recipe, const ExecutionContext& place, Split split, std::int64_t images);
/// Hands the notes of a data set over to place.note.
void tell_notes(const Dataset& dataset, const ExecutionContext& place);
/// The settings of a data set of this name, none where it has none.
Settings data_settings(const Recipe& recipe, const std::string& name);
/// The recipe's loss with one feature, to ask for its properties. Throws std::invalid_argument.
std::unique_ptr<Loss> trial_loss(const Recipe& recipe);
/// The recipe's network with the head for its loss. Throws std::invalid_argument.
NetworkSpec network_spec(const Recipe& recipe);
/// The kind of that head: the recipe's, or where it says "auto" the one that the loss asks for.
std::string head_kind(const Recipe& recipe);
/// An untrained network on images (H, W, C).
std::unique_ptr<Network> make_network(const Recipe& recipe, const Shape& image, Device device);
/// Makes the recipe's loss for each head of this network.
LossFactory loss_factory(const Recipe& recipe, const Network& network);
/// The recipe's rule on this network, which must outlive it.
std::unique_ptr<LearningRule> make_rule(const Recipe& recipe, Network& network);
/// The parts of a recipe with buffers for two pairs, to ask for their properties and to find parts that do not fit
/// together. Needs no data. Throws BadInput.
struct DryBuild {
  DryBuild(Recipe recipe, const Shape& image);

  std::unique_ptr<Network> network;
  std::unique_ptr<Loss> loss;
  std::unique_ptr<LearningRule> rule;
};
/// Epochs of the whole run, as the recipe's rule counts them.
std::int64_t total_epochs(const Recipe& recipe);

/// Calls make() and turns std::invalid_argument into BadInput that names the recipe.
template <class Make>
auto blaming_recipe(const Recipe& recipe, const Make& make) {
  try {
    return make();
  } catch (const std::invalid_argument& wrong) {
    bad_input("recipe '{}': {}", recipe.name, wrong.what());
  }
}

}  // namespace biossl
