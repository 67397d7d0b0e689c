// What a step takes when only a share of the images has an error: conv6, end to end, batch 500, gradient block.
#include <memory>

#include "bench/checked.h"
#include "biossl/ops/ops.h"
#include "biossl/rules/rule.h"

namespace biossl::bench {
namespace {

/// Errors of +-1 for `share` of 100 images, drawn at random; the others' error is `silence`.
class ShareOfErrors final : public Loss {
 public:
  ShareOfErrors(std::int64_t share, float silence) : share_(share), silence_(silence) {}

  void evaluate(const Tensor& embeddings, const StepContext& /*context*/, Tensor& errors, Tensor& /*totals*/) override {
    const std::int64_t rows = embeddings.extent(0);
    const std::int64_t features = embeddings.extent(1);
    Random random(1, Purpose::sample, 0);
    for (std::int64_t row = rows / 2; row < rows; ++row) {
      const bool active = random.below(100) < static_cast<std::uint32_t>(share_);
      for (std::int64_t k = 0; k < features; ++k) {
        errors.data<float>()[row * features + k] = (active ? 1.0F : silence_) * (random.below(2) == 0 ? -1.0F : 1.0F);
      }
    }
  }
  bool stops_gradient() const override { return true; }
  Plausibility plausibility() const override { return {}; }

 private:
  std::int64_t share_;
  float silence_;
};

class Step {
 public:
  Step(DType dtype, std::int64_t share, float silence) : totals_({2}, DType::float64, device) {
    const LossFactory loss = [=](int /*block*/, std::int64_t /*features*/) {
      return std::make_unique<ShareOfErrors>(share, silence);
    };
    SynapsesSetup setup;
    setup.dtype = dtype;
    setup.optimizer = OptimizerRegistry::instance().make("adam", {});
    const Shape image{32, 32, 3};
    network_ = std::make_unique<Network>(preset("conv6"), image, setup);
    rule_ = RuleRegistry::instance().make("e2e", {}, RuleSetup{*network_, loss, batch, 1, 1});
    images_ = Tensor(batch_of(2 * batch, image), dtype, device);
    const Tensor drawn = random_tensor(images_.shape(), device, 2, 1.0F);
    ops::convert(drawn, images_);
  }
  void run() { rule_->step(images_, {.epoch = 0, .batch = 0, .learning_rate = 1e-4, .labels = {}}, totals_); }
  const Tensor& update() { return network_->block(network_->depth() - 1).synapses().weight_update(); }

 private:
  static constexpr Device device = Device::cpu;
  static constexpr std::int64_t batch = 500;

  Tensor totals_, images_;
  std::unique_ptr<Network> network_;
  std::unique_ptr<LearningRule> rule_;
};

void step_at_share(benchmark::State& state) {
  const DType dtype = state.range(0) == 32 ? DType::float32 : DType::bfloat16;
  Step step(dtype, state.range(1), 0.0F);
  step.run();
  if (dtype == DType::float32) {
    Step every_image(dtype, state.range(1), 1e-30F);  // an error that no sum shows, and that is not zero
    every_image.run();
    if (!agrees(state, step.update(), every_image.update())) return;
  }
  for (auto _ : state) step.run();
}
BENCHMARK(step_at_share)
    ->ArgNames({"bits", "share"})
    ->ArgsProduct({{32, 16}, {100, 75, 50, 25}})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace biossl::bench
