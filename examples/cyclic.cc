#include "biossl/rules/layerwise.h"

// A learning rule of one's own (docs/extending.md): who learns when.
namespace biossl {
namespace {

struct CyclicOptions {
  bool top_first = true;

  template <class Visitor>
  void visit(Visitor& field) {
    field("top_first", top_first, "whether turns pass from the top block down, or from the bottom up");
  }
};

/// Layer-wise in turns: with every batch one block, under a head of its own, learns on what the blocks below, as they
/// are now, make of the images; with the next batch its neighbour does. No error crosses from one block to another.
class Cyclic final : public LearningRule {
 public:
  Cyclic(const CyclicOptions& options, const RuleSetup& setup)
      : blocks_(setup), top_first_(options.top_first), epochs_(setup.epochs) {}

  void step(const Tensor& images, const StepContext& context, Tensor& totals) override {
    blocks_.step(learner(context.epoch, context.batch), images, context, totals);
  }
  /// Each block learns from about as many batches as it would alone.
  std::int64_t total_epochs() const override { return epochs_ * blocks_.depth(); }
  Plausibility plausibility() const override { return {}; }
  std::size_t activity_bytes() const override { return blocks_.memory(); }
  State state() override { return blocks_.state(); }
  void restored() override { blocks_.restored(); }
  /// An epoch's first batch belongs to another block than that of the epoch before.
  std::vector<std::int64_t> sample_epochs() const override {
    std::vector<std::int64_t> epochs;
    for (int epoch = 0; epoch < blocks_.depth(); ++epoch) epochs.push_back(epoch);
    return epochs;
  }

 private:
  /// Told by the context alone, so a resumed run goes on with the right block and the rule has no state.
  int learner(std::int64_t epoch, std::int64_t batch) const {
    const int turn = static_cast<int>((epoch + batch) % blocks_.depth());
    return top_first_ ? blocks_.depth() - 1 - turn : turn;
  }

  LayerwiseBlocks blocks_;
  bool top_first_;
  std::int64_t epochs_;
};

const Registration<RuleRegistry, Cyclic, CyclicOptions> registration(
    "cyclic", "layer-wise in turns: with every batch the next block learns under a head of its own");

}  // namespace
}  // namespace biossl
