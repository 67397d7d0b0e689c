#include "biossl/benchmarks/memory_bench.h"

#include <algorithm>
#include <memory>

#include "biossl/core/memory_use.h"
#include "biossl/network/forward_pass.h"
#include "biossl/recipe/components.h"

namespace biossl {
namespace {

Recipe with_blocks(Recipe recipe, const std::string& rule, const EqualBlocks& blocks) {
  check(blocks.depth >= 1 && blocks.channels >= 1 && blocks.size >= 2, "bench",
        "{} blocks of {} channels on images of side {} are impossible", blocks.depth, blocks.channels, blocks.size);
  const BlockSpec block{
      .channels = blocks.channels, .activation = Activation::hardtanh, .pool = 1, .bias = false, .conv = {}};
  recipe.preset.clear();
  recipe.network.blocks.assign(static_cast<std::size_t>(blocks.depth), block);
  recipe.network.head.average_pool = blocks.size / 2;
  if (recipe.rule.kind != rule) recipe.rule = {rule, {}};
  recipe.train.epochs = 1;
  return recipe;
}

std::size_t bytes_of(const State& state) {
  std::size_t bytes = 0;
  for (const StateTensor& tensor : state) bytes += tensor.tensor.bytes();
  return bytes;
}

/// A network, its input images, and the memory that it needs.
class Encoder {
 public:
  Encoder(const Recipe& recipe, const EqualBlocks& blocks, Device device)
      : network_(make_network(recipe, {blocks.size, blocks.size, blocks.channels}, device)),
        images_(batch_of(2 * recipe.train.batch, network_->image()), network_->setup().dtype, device) {}
  virtual ~Encoder() = default;

  virtual void work() = 0;
  virtual MemoryUse counted() = 0;

 protected:
  std::unique_ptr<Network> network_;
  Tensor images_;
};

class FrozenEncoder final : public Encoder {
 public:
  FrozenEncoder(const Recipe& recipe, const EqualBlocks& blocks, Device device)
      : Encoder(recipe, blocks, device),
        pass_(*network_, network_->depth() - 1, images_.extent(0)),
        kept_(static_cast<std::size_t>(network_->depth())) {
    const auto lay_out = [&](Workspace& workspace) {
      pass_.prepare(workspace);
      const Shape& output = network_->block(network_->depth() - 1).plan().output;
      kept_.back().output = workspace.take(batch_of(images_.extent(0), output), images_.dtype());
    };
    activity_ = Workspace::fit(device, lay_out).bytes();
  }

  void work() override { pass_.run(images_, kept_); }
  MemoryUse counted() override {
    return {.activity = static_cast<std::int64_t>(activity_),
            .learnt = static_cast<std::int64_t>(bytes_of(network_->state(true)))};
  }

 private:
  ForwardPass pass_;
  std::vector<Activity> kept_;
  std::size_t activity_;
};

class LearningEncoder final : public Encoder {
 public:
  LearningEncoder(const Recipe& recipe, const EqualBlocks& blocks, Device device)
      : Encoder(recipe, blocks, device), rule_(make_rule(recipe, *network_)), totals_({2}, DType::float64, device) {
    if (trial_loss(recipe)->reads_labels()) labels_ = Tensor({recipe.train.batch}, DType::int32, device);
  }

  void work() override {
    for (const std::int64_t epoch : rule_->sample_epochs()) {
      rule_->step(images_, {.epoch = epoch, .batch = 0, .learning_rate = 1e-4, .labels = labels_}, totals_);
    }
  }
  MemoryUse counted() override {
    return {.activity = static_cast<std::int64_t>(rule_->activity_bytes()),
            .learnt = static_cast<std::int64_t>(bytes_of(network_->state(true)) + bytes_of(rule_->state()))};
  }

 private:
  std::unique_ptr<LearningRule> rule_;
  Tensor totals_, labels_;
};

/// Constructs the encoder, runs it once and counts its memory.
MemoryUse use_of(const Recipe& recipe, const std::string& rule, const EqualBlocks& blocks, Device device) {
  const Recipe whole = with_blocks(recipe, rule == frozen ? "none" : rule, blocks);
  const auto encoder = [&]() -> std::unique_ptr<Encoder> {
    if (rule == frozen) return std::make_unique<FrozenEncoder>(whole, blocks, device);
    return std::make_unique<LearningEncoder>(whole, blocks, device);
  }();
  encoder->work();
  return encoder->counted();
}

}  // namespace

MemoryUse measure_memory(const Recipe& recipe, const std::string& rule, const EqualBlocks& blocks, Device device) {
  use_of(recipe, rule, {.channels = blocks.channels, .size = blocks.size, .depth = 2}, device);
  const bool restarted = restart_peak_memory() && device != Device::cuda;
  const std::int64_t before = peak_memory_bytes();
  MemoryUse use = use_of(recipe, rule, blocks, device);
  if (restarted) use.resident = std::max<std::int64_t>(peak_memory_bytes() - before, 0);
  return use;
}

}  // namespace biossl
