#include "biossl/experiment/step_bench.h"

#include <algorithm>
#include <vector>

#include "biossl/backend/cpu/layer_recorder.h"
#include "biossl/core/clock.h"
#include "biossl/experiment/components.h"
#include "biossl/experiment/trainer.h"

namespace biossl {
namespace {

/// Runs work and notes its milliseconds.
template <class Work>
void time_into(std::vector<double>& times, Work&& work) {
  const Stopwatch watch;
  work();
  times.push_back(1000.0 * watch.seconds());
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
    Random random(recipe.seed, Purpose::sample);
    for (float& value : embeddings_.span<float>()) value = random.uniform(-0.05F, 0.05F);
  }
  void operator()() { loss_->evaluate(embeddings_, {}, errors_, totals_); }

 private:
  std::unique_ptr<Loss> loss_;
  Tensor embeddings_, errors_, totals_;
};

/// The optimiser's step on every synapses that took one in the step before.
class OptimizerWork {
 public:
  explicit OptimizerWork(Network& network) : optimizer_(network.setup().optimizer) {
    for (int index = 0; index < network.depth(); ++index) add(network.block(index).synapses());
    add(network.head(network.depth() - 1).synapses());
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

Recipe on_built_in_world(Recipe recipe) {
  recipe.data.pretrain = "world";
  recipe.data.images = recipe.train.batch;
  return recipe;
}

}  // namespace

StepTimes time_step(const Recipe& recipe, Device device, std::int64_t repetitions) {
  check(device == Device::cpu, "bench", "the convolution floor is known on device cpu only, not on {}",
        name_of(device));
  check(repetitions >= 1, "bench", "{} repetitions; at least 1 is needed", repetitions);
  Trainer trainer(on_built_in_world(recipe), {.data = {}, .device = device});
  trainer.start_epoch(0);
  const auto step = [&] { trainer.step(trainer.make_batch(0), 0); };
  step();  // makes the primitives
  cpu::LayerRecorder recorder;
  step();
  recorder.stop();
  LossWork loss(recipe, trainer.network());
  OptimizerWork optimizer(trainer.network());
  std::vector<double> steps, floors, views, losses, optimizers;
  for (std::int64_t i = 0; i < repetitions; ++i) {
    time_into(steps, step);
    time_into(floors, [&] { recorder.replay(); });
    time_into(views, [&] { trainer.make_batch(0); });
    time_into(losses, loss);
    time_into(optimizers, optimizer);
  }
  return {.step = median(steps),
          .conv_floor = median(floors),
          .views = median(views),
          .loss = median(losses),
          .optimizer = median(optimizers),
          .batch = recipe.train.batch,
          .layers = static_cast<std::int64_t>(recorder.layers())};
}

}  // namespace biossl
