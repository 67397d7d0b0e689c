#include <fmt/format.h>

#include "biossl/rules/layerwise.h"

namespace biossl {
namespace {

/// GLL: one block after another, from the first to the last, each trained for the recipe's epochs with its own head on
/// the frozen blocks below, then frozen itself. The learning-rate schedule starts anew with every block.
class GreedyLayerwise final : public LearningRule {
 public:
  static constexpr const char* abbreviation = "GLL";

  GreedyLayerwise(const NoOptions& /*options*/, const RuleSetup& setup) : blocks_(setup), epochs_(setup.epochs) {}

  void step(const Tensor& images, const StepContext& context, Tensor& totals) override {
    blocks_.step(block(context.epoch), images, context, totals);
  }
  std::int64_t total_epochs() const override { return epochs_ * blocks_.depth(); }
  std::int64_t schedule_epochs() const override { return epochs_; }
  Plausibility plausibility() const override { return {}; }
  std::size_t activity_bytes() const override { return blocks_.memory(); }
  State state() override { return blocks_.state(); }
  void restored() override { blocks_.restored(); }
  std::string stage(std::int64_t epoch) const override {
    return fmt::format("block {} of 0-{}", block(epoch), blocks_.depth() - 1);
  }
  std::vector<int> measured_blocks(std::int64_t epoch) const override { return {block(epoch)}; }
  std::vector<std::int64_t> sample_epochs() const override {
    std::vector<std::int64_t> starts;
    for (int block = 0; block < blocks_.depth(); ++block) starts.push_back(block * epochs_);
    return starts;
  }

 private:
  int block(std::int64_t epoch) const { return static_cast<int>(epoch / epochs_); }

  LayerwiseBlocks blocks_;
  std::int64_t epochs_;
};

const Registration<RuleRegistry, GreedyLayerwise, NoOptions> registration(
    "gll", "greedy layer-wise: block after block learns under a head of its own, then is frozen");

}  // namespace
}  // namespace biossl
