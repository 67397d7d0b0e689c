#include "biossl/recipe/components.h"

#include "biossl/core/accelerator.h"
#include "biossl/core/processor.h"
#include "biossl/core/text.h"
#include "biossl/network/head.h"
#include "biossl/recipe/absent.h"
#include "biossl/recipe/recipe_sections.h"

namespace biossl {
namespace {

/// What makes the images (H, W, C) of a network larger, for a message: the option that gives them their size.
std::string larger_images(const Recipe& recipe, const Shape& image) {
  const std::string& name = recipe.data.pretrain;
  const DataSetRecipe set = data_set(recipe, name);
  const Shape of_set = image_shape(recipe);
  const std::string size = fmt::format("the network sees images of {}x{}", image[0], image[1]);
  if (of_set[0] != image[0] || of_set[1] != image[1]) return fmt::format("{}; let [views] make larger ones", size);
  if (traits_of_data_set(recipe, name).from_files && set.images.resize > 0) {
    const bool own = set.images.resize != recipe.data.all.resize;
    return fmt::format("{}; set a larger {}.resize than {}", size, own ? data_section(name) : "data",
                       set.images.resize);
  }
  if (traits_of_data_set(recipe, name).has_own_size()) return size;
  return fmt::format("{}; set a larger data.image_size than {}", size, recipe.data.image_size);
}

/// Losses that compare what these views show, for a message.
std::string losses_for(const PatchGrid& grid) {
  std::vector<std::string> names;
  for (const auto& [name, entry] : LossRegistry::instance().entries()) {
    if (entry.traits.compares_patches == grid.is_cut()) names.push_back(name);
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

/// A loss compares either two views of whole images or the patches of one image.
void check_loss(const Recipe& recipe, const ViewPlan& views) {
  if (!RuleRegistry::instance().find(recipe.rule.kind).traits.learns) return;
  const std::string& loss = recipe.loss.kind;
  const bool compares_patches = LossRegistry::instance().find(loss).traits.compares_patches;
  if (compares_patches == views.grid.is_cut() && (compares_patches || views.views == 2)) return;
  if (compares_patches) {
    bad_input(
        "recipe '{}': loss {} compares patches of an image, and views {} show whole images; set views.kind = "
        "\"patches\"",
        recipe.name, loss, recipe.views.kind);
  }
  if (!views.grid.is_cut()) {
    bad_input("recipe '{}': loss {} compares pairs of views, and views {} make {} of an image", recipe.name, loss,
              recipe.views.kind, views.views);
  }
  const std::string others = losses_for(views.grid);
  bad_input("recipe '{}': loss {} compares whole images, and views {} cut them into {}x{} patches; {}", recipe.name,
            loss, recipe.views.kind, views.grid.rows, views.grid.columns,
            others.empty() ? "choose views of whole images, since no loss here compares patches"
                           : fmt::format("use a loss that compares patches ({}), or views of whole images", others));
}

bool lacks_loss(const Recipe& recipe) { return absent_of(recipe, "loss.kind") != nullptr; }

/// The component that a key of the recipe names; another one, in a network for reading, where that is absent.
Choice present(const Recipe& recipe, std::string_view key, const Choice& choice, const char* otherwise) {
  return absent_of(recipe, key) == nullptr ? choice : Choice{otherwise, {}};
}

std::unique_ptr<Optimizer> make_optimizer(const Choice& choice) {
  return OptimizerRegistry::instance().make(choice.kind, choice.settings);
}

std::int64_t micro_batch_of(const Recipe& recipe, const ViewPlan& views) {
  const TrainRecipe& train = recipe.train;
  if (!views.grid.is_cut() || train.micro_batch == 0) return train.micro_batch;
  check(train.micro_batch >= train.batch, "train",
        "images that are cut into patches are learnt from a whole batch at a time; leave train.micro_batch at 0");
  return 0;
}

}  // namespace

std::unique_ptr<Loss> trial_loss(const Recipe& recipe) { return trial_loss(recipe.loss, recipe.train.batch); }

std::unique_ptr<Loss> trial_loss(const Choice& loss, std::int64_t batch) {
  const LossSetup setup{.batch = batch, .features = 1, .dtype = DType::float32, .device = Device::reference};
  return LossRegistry::instance().make(loss.kind, loss.settings, setup);
}

NetworkSpec network_spec(const Recipe& recipe) {
  NetworkSpec spec = recipe.network;
  const ImageRecipe images = data_set(recipe, recipe.data.pretrain).images;
  spec.input = {.mean = images.mean, .std = images.std};
  spec.head.kind = head_kind(recipe);
  spec.head.predictions = lacks_loss(recipe) ? recipe.reading->predictions : trial_loss(recipe)->predictions();
  return spec;
}

std::string head_kind(const Recipe& recipe) {
  if (recipe.network.head.kind != "auto") return recipe.network.head.kind;
  if (lacks_loss(recipe)) return recipe.reading->head;
  const std::string head(trial_loss(recipe)->head());
  const auto& known = HeadRegistry::instance();
  check(known.entries().contains(head), recipe.loss.kind, "asks for the head '{}', which there is not{}", head,
        suggestion(head, known.names()));
  return head;
}

ReadingTraits reading_traits(const Recipe& recipe, const NetworkSpec& network) {
  ReadingTraits traits = recipe.reading.value_or(ReadingTraits());
  traits.head = network.head.kind;
  traits.predictions = network.head.predictions;
  if (absent_of(recipe, "views.kind") == nullptr) {
    traits.whole_images = ViewsRegistry::instance().find(recipe.views.kind).traits.plan == nullptr;
  }
  traits.uses_labels = uses_labels(recipe);
  return traits;
}

bool uses_labels(const Recipe& recipe) {
  if (lacks_loss(recipe) || absent_of(recipe, "rule.kind") != nullptr) return recipe.reading->uses_labels;
  return RuleRegistry::instance().find(recipe.rule.kind).traits.learns && trial_loss(recipe)->reads_labels();
}

Choice reading_views(const Recipe& recipe) {
  if (absent_of(recipe, "views.kind") == nullptr) return recipe.views;
  if (!recipe.reading->whole_images) require_registered(recipe, "views.kind");
  return {"identity", {}};
}

ViewPlan view_plan(const Recipe& recipe, const Shape& image) {
  const ViewPlan plan = blaming_recipe(recipe, [&] { return plan_views(reading_views(recipe), image); });
  const bool scaled = plan.mean != 0 || plan.deviation != 1;
  for (const std::string& name : names_of_sets(recipe.data)) {
    const ImageRecipe images = data_set(recipe, name).images;
    if (!scaled || (images.mean == 0 && images.std == 1)) continue;
    bad_input(
        "recipe '{}': views {} scale values themselves (views.mean, views.std); leave the mean and std of {} at 0 "
        "and 1",
        recipe.name, recipe.views.kind, name);
  }
  return plan;
}

void check_views_device(const Recipe& recipe, Device device) {
  if (absent_of(recipe, "views.kind") != nullptr) return;
  blaming_recipe(recipe, [&] { check_views_device(recipe.views.kind, device); });
}

CropSize probe_crop(const Recipe& recipe, const Shape& image) {
  const ViewPlan plan = view_plan(recipe, image);
  const bool cut = plan.grid.is_cut();
  const CropSize crop{.height = cut ? plan.square : plan.image[0],
                      .width = cut ? plan.square : plan.image[1],
                      .padding = recipe.probe.padding};
  if (crop.height > image[0] || crop.width > image[1]) {
    bad_input(
        "recipe '{}': probe.augment cuts {}x{} pixels out of images without scaling them, and those of {} are {}x{}; "
        "set a smaller views.size, a larger data.resize, or probe.augment = false",
        recipe.name, crop.height, crop.width, recipe.data.probe, image[0], image[1]);
  }
  const bool known = crop.height > 0 && crop.width > 0;
  if (known && view_plan(recipe, {crop.height, crop.width, image[2]}).image == plan.image) return crop;
  bad_input("recipe '{}': views {} scale what they show, and so probe.augment = true has no crop without scaling",
            recipe.name, recipe.views.kind);
}

std::unique_ptr<Network> make_network(const Recipe& recipe, const Shape& image, Device device) {
  if (device == Device::cuda) accelerator::allow_tf32(recipe.train.precision == "tf32");
  return blaming_recipe(recipe, [&] {
    const Choice feedback = present(recipe, "rule.feedback", recipe.feedback, "transpose");
    const SynapsesSetup setup{
        .seed = recipe.seed,
        .device = device,
        .dtype = compute_type(recipe.train.precision, device),
        .feedback = {feedback.kind, feedback.settings},
        .optimizer = make_optimizer(present(recipe, "train.optimizer", recipe.optimizer, "adam"))};
    try {
      return std::make_unique<Network>(network_spec(recipe), image, setup);
    } catch (const MapTooSmall& small) {
      bad_input("recipe '{}': {}; {}", recipe.name, small.what(), larger_images(recipe, image));
    }
  });
}

LossFactory loss_factory(const Recipe& recipe, const Network& network, const ViewPlan& views) {
  const SynapsesSetup& setup = network.setup();
  return [recipe, views, dtype = setup.master_dtype(), device = setup.device](int block, std::int64_t features) {
    const LossSetup its{.batch = recipe.train.batch,
                        .features = features,
                        .dtype = dtype,
                        .device = device,
                        .seed = recipe.seed,
                        .block = block,
                        .grid = views.grid,
                        .views = views.views};
    return LossRegistry::instance().make(recipe.loss.kind, recipe.loss.settings, its);
  };
}

std::unique_ptr<LearningRule> make_rule(const Recipe& recipe, Network& network, const ViewPlan& views) {
  require_registered(recipe);
  return blaming_recipe(recipe, [&] {
    check_loss(recipe, views);
    const RuleSetup setup{.network = network,
                          .loss = loss_factory(recipe, network, views),
                          .batch = (views.views * views.rows(recipe.train.batch) + 1) / 2,
                          .epochs = recipe.train.epochs,
                          .seed = recipe.seed,
                          .micro_batch = micro_batch_of(recipe, views)};
    return RuleRegistry::instance().make(recipe.rule.kind, recipe.rule.settings, setup);
  });
}

DryBuild::DryBuild(Recipe recipe, const Shape& image) : views(view_plan(recipe, image)) {
  const bool in_micro_batches = recipe.train.micro_batch > 0 && recipe.train.micro_batch < recipe.train.batch;
  loss = blaming_recipe(recipe, [&] { return trial_loss(recipe); });
  recipe.train.batch = 2;
  recipe.train.micro_batch = in_micro_batches ? 1 : 0;
  network = make_network(recipe, views.image, Device::reference);
  rule = make_rule(recipe, *network, views);
}

std::int64_t total_epochs(const Recipe& recipe) { return DryBuild(recipe, image_shape(recipe)).rule->total_epochs(); }

}  // namespace biossl
