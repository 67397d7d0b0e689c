#include "biossl/benchmarks/step_bench.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "biossl/benchmarks/loss_bench.h"
#include "biossl/benchmarks/timing.h"
#include "biossl/core/accelerator.h"
#include "biossl/ops/layer_recorder.h"
#include "biossl/recipe/synthetic_data.h"
#include "biossl/training/trainer.h"

namespace biossl {
namespace {

/// The optimiser's step for all synapses that have learnt.
class OptimizerWork {
 public:
  explicit OptimizerWork(Network& network) : optimizer_(network.setup().optimizer) {
    network.each_layer([&](const std::string&, const Synapses& synapses) { add(synapses); });
  }
  void operator()() {
    std::vector<ParameterStep*> together;
    for (ParameterStep& step : steps_) together.push_back(&step);
    optimizer_->step(together);
  }

 private:
  void add(const Synapses& synapses) {
    if (synapses.steps() == 0) return;
    const Tensor empty({synapses.parameters()}, synapses.weights().values().dtype(),
                       synapses.weights().values().device());
    ParameterStep step{.update = empty.clone(), .values = empty.clone(), .learning_rate = 1e-4, .number = 1};
    for (std::size_t i = 0; i < optimizer_->state_names().size(); ++i) step.state.push_back(empty.clone());
    steps_.push_back(std::move(step));
  }

  std::shared_ptr<const Optimizer> optimizer_;
  std::vector<ParameterStep> steps_;
};

/// A trainer that takes one step of every kind of its rule (layer-wise rules: one per block).
class Steps {
 public:
  Steps(const Recipe& recipe, Device device)
      : device_(device),
        trainer_(on_built_in_world(recipe, recipe.train.batch, recipe.train.batch), {.data = {}, .device = device}),
        epochs_(trainer_.rule().sample_epochs()) {
    check(!epochs_.empty(), "bench", "with rule '{}' nothing learns: there is no step to time", recipe.rule.kind);
    take();  // makes the primitives
  }

  Trainer& trainer() { return trainer_; }
  std::int64_t kinds() const { return static_cast<std::int64_t>(epochs_.size()); }
  /// Milliseconds per step, the mean over the kinds.
  double take() {
    double milliseconds = 0;
    for (const std::int64_t epoch : epochs_) {
      trainer_.start_epoch(epoch);
      milliseconds += milliseconds_on(device_, [&] { graphs_ += trainer_.take_step(0) ? 1 : 0; });
      ++steps_;
    }
    return milliseconds / static_cast<double>(kinds());
  }
  /// The share of steps so far that ran as graphs on a GPU.
  double graph_share() const { return static_cast<double>(graphs_) / static_cast<double>(steps_); }

 private:
  Device device_;
  Trainer trainer_;
  std::vector<std::int64_t> epochs_;
  std::int64_t steps_ = 0;
  std::int64_t graphs_ = 0;
};

/// The convolution and linear primitives of one step of every kind; device cpu only.
class Floor {
 public:
  Floor(Steps& steps, Device device) {
    if (device != Device::cpu) return;
    recorder_.emplace();
    steps.take();
    recorder_->stop();
  }

  /// Milliseconds; std::nullopt if the primitives are unknown.
  std::optional<double> take() {
    if (!recorder_) return std::nullopt;
    return milliseconds_of([&] { recorder_->replay(); });
  }
  std::int64_t layers() const { return recorder_ ? static_cast<std::int64_t>(recorder_->layers()) : 0; }

 private:
  std::optional<LayerRecorder> recorder_;
};

/// A part of a step; on a GPU run as a graph, like the step.
template <class Work>
double milliseconds_of_part(Device device, Work&& work) {
  if (device != Device::cuda) return milliseconds_of(work);
  return milliseconds_on(device, [&] { accelerator::record_step([&] { work(); }); });
}

}  // namespace

StepTimes time_step(const Recipe& recipe, Device device, std::int64_t repetitions) {
  check_repetitions(repetitions);
  Steps steps(recipe, device);
  Floor floor(steps, device);
  LossWork loss(recipe, steps.trainer().network(), view_plan(recipe, steps.trainer().images().image_shape()));
  OptimizerWork optimizer(steps.trainer().network());
  const auto kinds = static_cast<double>(steps.kinds());
  std::vector<double> whole, floors, views, losses, optimizers;
  for (std::int64_t i = 0; i < repetitions; ++i) {
    whole.push_back(steps.take());
    if (const auto milliseconds = floor.take()) floors.push_back(*milliseconds / kinds);
    views.push_back(milliseconds_of_part(device, [&] { steps.trainer().make_batch(0); }));
    losses.push_back(milliseconds_of_part(device, loss));
    optimizers.push_back(milliseconds_of_part(device, optimizer) / kinds);
  }
  return {.step = median(whole),
          .conv_floor = floors.empty() ? std::nullopt : std::optional(median(floors)),
          .views = median(views),
          .loss = median(losses),
          .optimizer = median(optimizers),
          .graph_share = device == Device::cuda ? std::optional(steps.graph_share()) : std::nullopt,
          .batch = recipe.train.batch,
          .kinds = steps.kinds(),
          .layers = floor.layers()};
}

std::vector<ScalingTime> time_scaling(const Recipe& recipe, Device device, std::int64_t repetitions) {
  check_repetitions(repetitions);
  const ThreadsKept kept;
  struct Lane {
    int threads;
    std::unique_ptr<Steps> steps;
    std::vector<double> times;
  };
  std::vector<Lane> lanes;
  for (const int count : thread_counts(threads())) {
    set_threads(count);  // primitives and layouts depend on it
    lanes.push_back({count, std::make_unique<Steps>(recipe, device), {}});
  }
  for (std::int64_t i = 0; i < repetitions; ++i) {
    for (Lane& lane : lanes) {
      set_threads(lane.threads);
      lane.times.push_back(lane.steps->take());
    }
  }
  std::vector<ScalingTime> times;
  for (const Lane& lane : lanes) {
    times.push_back({.threads = lane.threads, .step = median(lane.times), .batch = recipe.train.batch});
    times.back().alone = times.front().step;
  }
  return times;
}

}  // namespace biossl
