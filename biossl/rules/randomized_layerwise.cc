#include "biossl/core/random.h"
#include "biossl/rules/layerwise.h"

namespace biossl {
namespace {

/// RLL: every batch one block is drawn uniformly; it alone, with its head, learns on the activity that the blocks
/// below, as they are now, give it. A run has epochs times blocks epochs, so that each block learns in about `epochs`
/// of them.
class RandomizedLayerwise final : public LearningRule {
 public:
  static constexpr const char* abbreviation = "RLL";

  RandomizedLayerwise(const NoOptions& /*options*/, const RuleSetup& setup)
      : blocks_(setup), epochs_(setup.epochs), seed_(setup.seed) {}

  void step(const Tensor& images, const StepContext& context, Tensor& totals) override {
    blocks_.step(draw(context.epoch, context.batch), images, context, totals);
  }
  std::int64_t total_epochs() const override { return epochs_ * blocks_.depth(); }
  Plausibility plausibility() const override { return {}; }
  std::size_t activity_bytes() const override { return blocks_.memory(); }
  State state() override { return blocks_.state(); }
  void restored() override { blocks_.restored(); }
  std::vector<std::int64_t> sample_epochs() const override {
    std::vector<std::int64_t> epochs;
    for (int block = 0; block < blocks_.depth(); ++block) {
      std::int64_t epoch = 0;
      while (draw(epoch, 0) != block) ++epoch;
      epochs.push_back(epoch);
    }
    return epochs;
  }

 private:
  int draw(std::int64_t epoch, std::int64_t batch) const {
    Random random(seed_, Purpose::rule, static_cast<std::uint32_t>(epoch), static_cast<std::uint32_t>(batch));
    return static_cast<int>(random.below(static_cast<std::uint32_t>(blocks_.depth())));
  }

  LayerwiseBlocks blocks_;
  std::int64_t epochs_;
  std::uint64_t seed_;
};

const Registration<RuleRegistry, RandomizedLayerwise, NoOptions> registration(
    "rll", "randomised layer-wise: every batch one block, drawn at random, learns under a head of its own");

}  // namespace
}  // namespace biossl
