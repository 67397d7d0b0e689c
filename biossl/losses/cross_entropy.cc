#include "biossl/losses/loss.h"
#include "biossl/ops/ops.h"

namespace biossl {
namespace {

struct CrossEntropyOptions {
  template <class Visitor>
  void visit(Visitor& field) {
    field.refuse("block_gradient", "each view is compared with its label, and none with another view");
  }
};

/// The supervised ceiling, which USES LABELS: the mean over both views of every image of softmax cross-entropy with the
/// image's class. An embedding has a number for each class (network.head.features).
class CrossEntropy final : public Loss {
 public:
  static constexpr const char* abbreviation = "cross-entropy";

  CrossEntropy(const CrossEntropyOptions& /*options*/, const LossSetup& shape)
      : labels_({2 * shape.batch}, DType::int32, shape.device), summed_({2}, DType::float64, shape.device) {}

  void evaluate(const Tensor& embeddings, const StepContext& context, Tensor& errors, Tensor& totals) override {
    const std::int64_t rows = embeddings.extent(0);
    check(!context.labels.empty() && 2 * context.labels.extent(0) == rows, "cross_entropy",
          "it learns from labels: hand over one for each of the {} images of the batch", rows / 2);
    for (int view = 0; view < 2; ++view) {
      Tensor half = labels_.rows(view * rows / 2, (view + 1) * rows / 2);
      copy(context.labels, half);
    }
    summed_.fill_zero();
    ops::softmax_cross_entropy(embeddings, labels_.rows(0, rows), errors, summed_);
    ops::add_loss(summed_, 1.0 / static_cast<double>(rows), errors.rows(rows / 2, rows), totals);
  }

  bool stops_gradient() const override { return false; }
  /// The error of a view needs that view, as it is seen, and its label: no memory at all.
  /// The softmax normalises.
  Plausibility plausibility() const override { return {.plain_arithmetic = false}; }
  bool reads_labels() const override { return true; }
  bool one_output_per_class() const override { return true; }

 private:
  Tensor labels_;  // of both views
  Tensor summed_;  // as softmax_cross_entropy counts
};

const Registration<LossRegistry, CrossEntropy, CrossEntropyOptions> registration(
    "cross_entropy", "USES LABELS: softmax cross-entropy with the image's class, a supervised ceiling to compare with");

}  // namespace
}  // namespace biossl
