#include "biossl/recipe/components.h"

#include "biossl/core/accelerator.h"
#include "biossl/core/processor.h"

namespace biossl {
std::unique_ptr<Loss> trial_loss(const Recipe& recipe) {
  const LossSetup setup{
      .batch = recipe.train.batch, .features = 1, .dtype = DType::float32, .device = Device::reference};
  return LossRegistry::instance().make(recipe.loss.kind, recipe.loss.settings, setup);
}

NetworkSpec network_spec(const Recipe& recipe) {
  NetworkSpec spec = recipe.network;
  const ImageRecipe images = data_set(recipe, recipe.data.pretrain).images;
  spec.input = {.mean = images.mean, .std = images.std};
  spec.head.kind = head_kind(recipe);
  return spec;
}

std::string head_kind(const Recipe& recipe) {
  return recipe.network.head.kind == "auto" ? trial_loss(recipe)->head() : recipe.network.head.kind;
}

std::unique_ptr<Network> make_network(const Recipe& recipe, const Shape& image, Device device) {
  if (device == Device::cuda) accelerator::allow_tf32(recipe.train.precision == "tf32");
  return blaming_recipe(recipe, [&] {
    const SynapsesSetup setup{
        .seed = recipe.seed,
        .device = device,
        .dtype = compute_type(recipe.train.precision, device),
        .feedback = {recipe.feedback.kind, recipe.feedback.settings},
        .optimizer = OptimizerRegistry::instance().make(recipe.optimizer.kind, recipe.optimizer.settings)};
    return std::make_unique<Network>(network_spec(recipe), image, setup);
  });
}

LossFactory loss_factory(const Recipe& recipe, const Network& network) {
  const SynapsesSetup& setup = network.setup();
  return [recipe, dtype = setup.master_dtype(), device = setup.device](int block, std::int64_t features) {
    const LossSetup its{.batch = recipe.train.batch,
                        .features = features,
                        .dtype = dtype,
                        .device = device,
                        .seed = recipe.seed,
                        .block = block};
    return LossRegistry::instance().make(recipe.loss.kind, recipe.loss.settings, its);
  };
}

std::unique_ptr<LearningRule> make_rule(const Recipe& recipe, Network& network) {
  return blaming_recipe(recipe, [&] {
    const RuleSetup setup{.network = network,
                          .loss = loss_factory(recipe, network),
                          .batch = recipe.train.batch,
                          .epochs = recipe.train.epochs,
                          .seed = recipe.seed,
                          .micro_batch = recipe.train.micro_batch};
    return RuleRegistry::instance().make(recipe.rule.kind, recipe.rule.settings, setup);
  });
}

DryBuild::DryBuild(Recipe recipe, const Shape& image) {
  const bool in_micro_batches = recipe.train.micro_batch > 0 && recipe.train.micro_batch < recipe.train.batch;
  loss = blaming_recipe(recipe, [&] { return trial_loss(recipe); });
  recipe.train.batch = 2;
  recipe.train.micro_batch = in_micro_batches ? 1 : 0;
  network = make_network(recipe, image, Device::reference);
  rule = make_rule(recipe, *network);
}

std::int64_t total_epochs(const Recipe& recipe) { return DryBuild(recipe, image_shape(recipe)).rule->total_epochs(); }

}  // namespace biossl
