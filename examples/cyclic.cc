#include <vector>

#include "biossl/rules/chain.h"
#include "biossl/rules/rule.h"

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
      : network_(setup.network), top_first_(options.top_first), epochs_(setup.epochs) {
    for (int block = 0; block < network_.depth(); ++block) {
      chains_.emplace_back(network_, setup.loss, block, block, setup.batch);
      activities_.push_back(network_.block(block).make_activity(2 * setup.batch));
    }
  }

  void step(const Tensor& images, const Moment& moment, Tensor& totals) override {
    const auto depth = static_cast<std::size_t>(network_.depth());
    const std::size_t turn = static_cast<std::size_t>(moment.epoch + moment.batch) % depth;
    const std::size_t learning = top_first_ ? depth - 1 - turn : turn;
    Tensor input = images;
    for (std::size_t below = 0; below < learning; ++below) {
      Activity activity = activities_[below].rows(0, images.extent(0));
      network_.block(static_cast<int>(below)).forward(input, activity);
      input = activity.output;
    }
    chains_[learning].step(input, moment, totals);
  }
  /// Each block learns from about as many batches as it would alone.
  std::int64_t total_epochs() const override { return epochs_ * network_.depth(); }
  bool is_local_to_blocks() const override { return true; }

 private:
  Network& network_;
  bool top_first_;
  std::int64_t epochs_;
  std::vector<Chain> chains_;         // one a block
  std::vector<Activity> activities_;  // of the blocks below the one whose turn it is
};

const Registration<RuleRegistry, Cyclic, CyclicOptions> registration(
    "cyclic", "layer-wise in turns: with every batch the next block learns under a head of its own");

}  // namespace
}  // namespace biossl
