#include <cmath>

#include "biossl/losses/loss.h"
#include "biossl/ops/ops.h"

namespace biossl {
namespace {

struct NtXentOptions {
  double temperature = 0.1;

  template <class Visitor>
  void visit(Visitor& field) {
    field("temperature", temperature, "tau: cosine similarities are divided by it");
    field.refuse("block_gradient", "both views of a pair are told apart from all others, so both have an error");
  }
};

/// SimCLR's loss (Chen, Kornblith, Norouzi & Hinton 2020): with the cosine similarities of all 2B embeddings, each is
/// to tell its partner from the 2B-2 others. The cross-entropies of view 0 against view 1 averaged over B, plus the
/// same with the views exchanged; the formula for embeddings of length 1 stands at ops::nt_xent. A last batch of one
/// pair has nothing to be told from: no loss, no error.
class NtXent final : public Loss {
 public:
  static constexpr const char* abbreviation = "SimCLR";

  NtXent(const NtXentOptions& options, const LossSetup& shape) : temperature_(options.temperature) {
    check(std::isfinite(temperature_) && temperature_ > 0, "nt_xent", "temperature = {} must be positive",
          temperature_);
    check(shape.batch >= 2, "nt_xent",
          "a batch of one pair holds no other image to be told from; set train.batch to at least 2");
    const Shape embeddings{2 * shape.batch, shape.features};
    unit_ = Tensor(embeddings, shape.dtype, shape.device);
    d_unit_ = Tensor(embeddings, shape.dtype, shape.device);
    norms_ = Tensor({2 * shape.batch}, shape.dtype, shape.device);
    scratch_ = Tensor({2 * shape.batch, 2 * shape.batch}, shape.dtype, shape.device);
  }

  void evaluate(const Tensor& embeddings, const StepContext& /*context*/, Tensor& errors, Tensor& totals) override {
    const std::int64_t rows = embeddings.extent(0);
    Tensor unit = unit_.rows(0, rows);
    Tensor d_unit = d_unit_.rows(0, rows);
    Tensor norms = norms_.rows(0, rows);
    ops::normalize_rows(embeddings, unit, norms);
    Tensor scratch = scratch_.part(0, {rows, rows});
    ops::nt_xent(unit, temperature_, scratch, d_unit, totals);
    ops::normalize_rows_backward(d_unit, unit, norms, errors);
  }

  bool stops_gradient() const override { return false; }
  /// Every other view of the batch is a negative, and view 0 changes too.
  /// Lengths are normalised, and the softmax divides.
  Plausibility plausibility() const override { return {.recent_activity = false, .plain_arithmetic = false}; }

 private:
  double temperature_;
  Tensor unit_, d_unit_, norms_, scratch_;
};

const Registration<LossRegistry, NtXent, NtXentOptions> registration(
    "nt_xent", "cross-entropy of finding a view's partner among all others by cosine similarity (SimCLR)");

}  // namespace
}  // namespace biossl
