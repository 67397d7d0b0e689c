#include "biossl/rules/block_range.h"
#include "biossl/rules/rule.h"

namespace biossl {
namespace {

/// One head on the last block; the error travels down all blocks, across each layer over that layer's feedback
/// path.
class EndToEnd final : public LearningRule {
 public:
  static constexpr const char* abbreviation = "E2E";

  EndToEnd(const NoOptions& /*options*/, const RuleSetup& setup)
      : range_(setup.network, setup.loss, 0, setup.network.depth() - 1, setup.batch, setup.micro_batch),
        epochs_(setup.epochs) {
    const auto lay_out = [&](Workspace& workspace) { range_.prepare(workspace); };
    memory_ = Workspace::fit(setup.network.setup().device, lay_out).bytes();
  }

  void step(const Tensor& images, const StepContext& context, Tensor& totals) override {
    range_.step(images, context, totals);
  }
  std::int64_t total_epochs() const override { return epochs_; }
  Plausibility plausibility() const override { return {.local_to_blocks = false}; }
  std::size_t activity_bytes() const override { return memory_; }
  State state() override { return range_.state(); }
  void restored() override { range_.loss().restored(); }

 private:
  BlockRange range_;
  std::int64_t epochs_;
  std::size_t memory_;
};

const Registration<RuleRegistry, EndToEnd, NoOptions> registration(
    "e2e", "end to end: one loss on top, its error sent down through every block");

}  // namespace
}  // namespace biossl
