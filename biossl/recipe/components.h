#pragma once

#include <filesystem>
#include <memory>
#include <utility>

#include "biossl/core/error.h"
#include "biossl/data/dataset.h"
#include "biossl/losses/loss.h"
#include "biossl/network/network.h"
#include "biossl/recipe/recipe.h"
#include "biossl/rules/rule.h"

namespace biossl {

/// Where a run finds its images and what it computes on.
struct ExecutionContext {
  std::filesystem::path data;  ///< the data sets' directory; "" where none is needed
  Device device = Device::cpu;
};

/// What a recipe describes, made. A recipe whose parts do not fit together throws BadInput.
std::unique_ptr<Dataset> open_pretraining_images(const Recipe& recipe, const ExecutionContext& place);
std::unique_ptr<Dataset> open_probe_images(const Recipe& recipe, const ExecutionContext& place, Split split);
/// The recipe's loss on its smallest scale, to ask what it is and needs. Throws std::invalid_argument.
std::unique_ptr<Loss> trial_loss(const Recipe& recipe);
/// The recipe's network with the head that its loss asks for. Throws std::invalid_argument.
NetworkSpec network_spec(const Recipe& recipe);
/// An untrained network on images (H, W, C).
std::unique_ptr<Network> make_network(const Recipe& recipe, const Shape& image, Device device);
/// The recipe's loss for embeddings of this network.
std::unique_ptr<Loss> make_loss(const Recipe& recipe, const Network& network);
/// The recipe's rule on this network, which learns from this loss; both must outlive it.
std::unique_ptr<LearningRule> make_rule(const Recipe& recipe, Network& network, Loss& loss);
/// A recipe's parts on buffers of two pairs, to be asked about themselves; everything that does not fit together is
/// found, and no data is needed. Throws BadInput.
struct DryBuild {
  DryBuild(Recipe recipe, const Shape& image);

  std::unique_ptr<Network> network;
  std::unique_ptr<Loss> loss;
  std::unique_ptr<LearningRule> rule;
};
/// The epochs of the whole run, as the recipe's rule counts them.
std::int64_t total_epochs(const Recipe& recipe);

/// Runs `make` on what a recipe says: what it finds wrong is the recipe's fault, BadInput.
template <class Make>
auto blaming_recipe(const Recipe& recipe, const Make& make) {
  try {
    return make();
  } catch (const std::invalid_argument& wrong) {
    bad_input("recipe '{}': {}", recipe.name, wrong.what());
  }
}

}  // namespace biossl
