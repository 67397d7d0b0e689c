#include "biossl/reproduction/cost_estimate.h"

#include <algorithm>

#include "biossl/core/memory.h"
#include "biossl/core/processor.h"
#include "biossl/core/stopwatch.h"
#include "biossl/evaluation/linear_probe.h"
#include "biossl/recipe/synthetic_data.h"
#include "biossl/training/trainer.h"

namespace biossl {
namespace {

constexpr std::int64_t few_pairs = 100;
constexpr std::int64_t few_images = 300;
constexpr double enough_seconds = 2;
constexpr int most_rounds = 8;

/// The mean over the kinds of steps of the rule, which all have the same share of a run.
double seconds_per_pair(const Recipe& recipe, Device device) {
  const bool on_gpu = device == Device::cuda;  // a few pairs do not fill a GPU
  const std::int64_t batch = on_gpu ? recipe.train.batch : std::min(recipe.train.batch, few_pairs);
  const Recipe small = on_built_in_world(recipe, batch, batch);
  Trainer trainer(small, {.data = {}, .device = device});
  const std::vector<std::int64_t> epochs = trainer.rule().sample_epochs();
  const auto take_steps = [&] {
    for (const std::int64_t epoch : epochs) {
      trainer.start_epoch(epoch);
      trainer.take_step(0);
    }
    synchronize(device);
  };
  take_steps();  // makes the primitives
  const Stopwatch watch;
  std::size_t steps = 0;
  for (int round = 0; round < most_rounds && (round == 0 || watch.seconds() < enough_seconds); ++round) {
    take_steps();
    steps += epochs.size();
  }
  return watch.seconds() / static_cast<double>(static_cast<std::int64_t>(steps) * small.train.batch);
}

/// Seconds per image before the probe and per epoch, for all probed blocks of one encoder.
struct ProbeCost {
  double features = 0;
  double epoch = 0;
};

ProbeCost probe_seconds_per_image(const Recipe& recipe, Device device) {
  const auto images = open_pretraining_images(on_built_in_world(recipe, recipe.train.batch, few_images), {});
  const auto network = make_network(recipe, view_plan(recipe, images->image_shape()).image, device);
  std::vector<int> blocks;
  for (int block = recipe.probe.blocks == "all" ? 0 : network->depth() - 1; block < network->depth(); ++block) {
    blocks.push_back(block);
  }
  const FeatureStorage kept{.dtype = compute_type(recipe.probe.precision, device)};
  extract_features(*network, blocks, *images, kept, {}, recipe.views);  // makes the primitives
  synchronize(device);
  ProbeCost cost;
  Stopwatch watch;
  const std::vector<Features> features = extract_features(*network, blocks, *images, kept, {}, recipe.views);
  synchronize(device);
  cost.features = watch.seconds() / few_images;
  const ProbeOptions options{.epochs = 3,
                             .batch = recipe.probe.batch,
                             .learning_rate = recipe.probe.learning_rate,
                             .classes = static_cast<std::int64_t>(images->class_names().size()),
                             .seed = recipe.seed};
  for (const Features& of_block : features) {
    double last = 0;
    train_linear_probe({of_block, of_block}, options, [&](std::int64_t, std::int64_t, std::string_view) {
      last = watch.seconds();
      watch.restart();
    });
    cost.epoch += last / few_images;
  }
  return cost;
}

}  // namespace

RunCost CostEstimator::operator()(const Recipe& recipe) {
  const DataRecipe& data = recipe.data;
  const auto epochs = static_cast<double>(total_epochs(recipe));
  const auto images = static_cast<double>(count_images(recipe, data.pretrain, Split::train, data.images));
  const auto probe_images = static_cast<double>(count_images(recipe, data.probe, Split::train, data.probe_images));
  const auto test_images = static_cast<double>(count_images(recipe, data.probe, Split::test, data.test_images));
  const ProbeCost probe = probe_seconds_per_image(recipe, context_.device);
  const double encoders = recipe.probe.random_encoder ? 2 : 1;
  const auto probe_epochs = static_cast<double>(recipe.probe.epochs);
  const double passes = recipe.probe.augment ? probe_epochs + 1 : 1;  // of the training images through an encoder
  return {.training = epochs == 0 ? 0 : epochs * images * seconds_per_pair(recipe, context_.device),
          .probe = encoders * (probe.features * (passes * probe_images + test_images) +
                               probe.epoch * probe_epochs * probe_images)};
}

std::int64_t CostEstimator::count_images(const Recipe& recipe, const std::string& dataset, Split split,
                                         std::int64_t limit) {
  if (limit > 0) return limit;
  const std::string key = fmt::format("{} {}", dataset, name_of(split));
  if (const auto known = sizes_.find(key); known != sizes_.end()) return known->second;
  std::int64_t size = split == Split::train ? 50'000 : 10'000;
  try {
    size = open_images(recipe, context_, dataset, split, 0)->size();
  } catch (const BadInput&) {
    assumed_ = true;
  }
  return sizes_[key] = size;
}

}  // namespace biossl
