#include "biossl/experiment/step_bench.h"

#include <algorithm>
#include <vector>

#include "biossl/backend/cpu/layer_recorder.h"
#include "biossl/core/clock.h"
#include "biossl/experiment/components.h"
#include "biossl/experiment/trainer.h"

namespace biossl {
namespace {

/// The milliseconds that work takes.
template <class Work>
double time_of(Work&& work) {
  const Stopwatch watch;
  work();
  return 1000.0 * watch.seconds();
}

double median(std::vector<double>& times) {
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

/// The loss of one batch, on random embeddings about as far apart as those of an untrained network.
class LossWork {
 public:
  LossWork(const Recipe& recipe, Network& network)
      : loss_(make_loss(recipe, network)),
        embeddings_({2 * recipe.train.batch, network.head(network.depth() - 1).features()},
                    network.setup().master_dtype(), network.setup().device),
        errors_(embeddings_.clone()),
        totals_({2}, DType::float64, network.setup().device) {
    if (loss_->needs_labels()) moment_.labels = Tensor({recipe.train.batch}, DType::int32, network.setup().device);
    Random random(recipe.seed, Purpose::sample);
    for (float& value : embeddings_.span<float>()) value = random.uniform(-0.05F, 0.05F);
  }
  void operator()() { loss_->evaluate(embeddings_, moment_, errors_, totals_); }

 private:
  std::unique_ptr<Loss> loss_;
  Tensor embeddings_, errors_, totals_;
  Moment moment_;
};

/// The optimiser's step on every synapses that has taken one.
class OptimizerWork {
 public:
  explicit OptimizerWork(Network& network) : optimizer_(network.setup().optimizer) {
    for (int index = 0; index < network.depth(); ++index) {
      add(network.block(index).synapses());
      if (network.has_head(index)) add(network.head(index).synapses());
    }
  }
  void operator()() {
    for (Bundle& bundle : bundles_) optimizer_->step(bundle.update, 1e-4, 1, bundle.values, bundle.state);
  }

 private:
  struct Bundle {
    Tensor update, values;
    std::vector<Tensor> state;
  };

  void add(const Synapses& synapses) {
    if (synapses.steps() == 0) return;
    const Tensor empty({synapses.parameters()}, synapses.weights().values().dtype(),
                       synapses.weights().values().device());
    Bundle bundle{empty.clone(), empty.clone(), {}};
    for (std::size_t i = 0; i < optimizer_->state_names().size(); ++i) bundle.state.push_back(empty.clone());
    bundles_.push_back(std::move(bundle));
  }

  std::shared_ptr<const Optimizer> optimizer_;
  std::vector<Bundle> bundles_;
};

/// Runs on the built-in world, for at least an epoch, so that there is something to time.
Recipe on_built_in_world(Recipe recipe) {
  recipe.data.pretrain = "world";
  recipe.data.images = recipe.train.batch;
  recipe.train.epochs = std::max<std::int64_t>(recipe.train.epochs, 1);
  return recipe;
}

}  // namespace

StepTimes time_step(const Recipe& recipe, Device device, std::int64_t repetitions) {
  check(device == Device::cpu, "bench", "the convolution floor is known on device cpu only, not on {}",
        name_of(device));
  check(repetitions >= 1, "bench", "{} repetitions; at least 1 is needed", repetitions);
  Trainer trainer(on_built_in_world(recipe), {.data = {}, .device = device});
  const std::vector<std::int64_t> epochs = trainer.rule().sample_epochs();
  check(!epochs.empty(), "bench", "with rule '{}' nothing learns: there is no step to time", recipe.rule.kind);
  // One step of every kind, a layer-wise rule's one a block; the milliseconds of all.
  const auto step = [&] {
    double milliseconds = 0;
    for (const std::int64_t epoch : epochs) {
      trainer.start_epoch(epoch);
      milliseconds += time_of([&] { trainer.step(trainer.make_batch(0), 0); });
    }
    return milliseconds;
  };
  step();  // makes the primitives
  cpu::LayerRecorder recorder;
  step();
  recorder.stop();
  LossWork loss(recipe, trainer.network());
  OptimizerWork optimizer(trainer.network());
  const auto kinds = static_cast<double>(epochs.size());
  std::vector<double> steps, floors, views, losses, optimizers;
  for (std::int64_t i = 0; i < repetitions; ++i) {
    steps.push_back(step() / kinds);
    floors.push_back(time_of([&] { recorder.replay(); }) / kinds);
    views.push_back(time_of([&] { trainer.make_batch(0); }));
    losses.push_back(time_of(loss));
    optimizers.push_back(time_of(optimizer) / kinds);
  }
  return {.step = median(steps),
          .conv_floor = median(floors),
          .views = median(views),
          .loss = median(losses),
          .optimizer = median(optimizers),
          .batch = recipe.train.batch,
          .kinds = static_cast<std::int64_t>(epochs.size()),
          .layers = static_cast<std::int64_t>(recorder.layers())};
}

}  // namespace biossl
