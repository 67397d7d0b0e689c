#include <cmath>

#include "biossl/losses/loss.h"
#include "biossl/ops/ops.h"

namespace biossl {
namespace {

struct BarlowTwinsOptions {
  double lambda = 0.0051;
  double epsilon = 1e-5;

  template <class Visitor>
  void visit(Visitor& field) {
    field("lambda", lambda, "weight of the redundancy term; 0.0051 is the published code's (5e-3 in the paper)");
    field("epsilon", epsilon, "added to each feature's variance before its root divides");
    field.refuse("block_gradient", "features of both views are correlated, so both views have an error");
  }
};

/// Zbontar, Jing, Misra, LeCun & Deny 2021: each feature is standardised over the batch, view by view; then the same
/// feature of both views is to be correlated, and different features are not. With C_ij the mean over the batch of
/// feature i of view 0 times feature j of view 1,
///   L = sum_i (1 - C_ii)^2 + lambda sum_{i != j} C_ij^2.
class BarlowTwins final : public Loss {
 public:
  static constexpr const char* abbreviation = "Barlow Twins";

  BarlowTwins(const BarlowTwinsOptions& options, const LossSetup& shape)
      : lambda_(options.lambda), epsilon_(options.epsilon) {
    check(std::isfinite(lambda_) && lambda_ >= 0, "barlow_twins", "lambda = {} may not be negative", lambda_);
    check(std::isfinite(epsilon_) && epsilon_ > 0, "barlow_twins",
          "epsilon = {} must be positive: a feature that never varies is divided by its square root", epsilon_);
    check(
        shape.batch >= 2, "barlow_twins",
        "a batch of one pair has no spread that its features could be standardised by; set train.batch to at least 2");
    for (View& view : views_) {
      view.standard = Tensor({shape.batch, shape.features}, shape.dtype, shape.device);
      view.d_standard = Tensor({shape.batch, shape.features}, shape.dtype, shape.device);
      view.deviations = Tensor({shape.features}, shape.dtype, shape.device);
    }
    scratch_ = Tensor({shape.features, shape.features}, shape.dtype, shape.device);
  }

  void evaluate(const Tensor& embeddings, const StepContext& /*context*/, Tensor& errors, Tensor& totals) override {
    const std::int64_t pairs = embeddings.extent(0) / 2;
    if (pairs == 1) return errors.fill_zero();  // the short end of an epoch: nothing varies, nothing to learn
    const auto rows_of = [pairs](const Tensor& both, int view) { return both.rows(view * pairs, (view + 1) * pairs); };
    View now[2];
    for (int view = 0; view < 2; ++view) {
      now[view] = views_[view].rows(pairs);
      ops::standardize_columns(rows_of(embeddings, view), epsilon_, now[view].standard, now[view].deviations);
    }
    ops::barlow_twins(now[0].standard, now[1].standard, lambda_, scratch_, now[0].d_standard, now[1].d_standard,
                      totals);
    for (int view = 0; view < 2; ++view) {
      Tensor wanted = rows_of(errors, view);
      ops::standardize_columns_backward(now[view].d_standard, now[view].standard, now[view].deviations, wanted);
    }
  }

  bool stops_gradient() const override { return false; }
  /// Means, spreads and correlations are taken over the whole batch, and view 0 changes too.
  /// Features are standardised and multiplied with each other.
  Plausibility plausibility() const override { return {.recent_activity = false, .plain_arithmetic = false}; }

 private:
  struct View {
    Tensor standard, d_standard, deviations;

    View rows(std::int64_t pairs) const { return {standard.rows(0, pairs), d_standard.rows(0, pairs), deviations}; }
  };

  double lambda_, epsilon_;
  View views_[2];
  Tensor scratch_;
};

const Registration<LossRegistry, BarlowTwins, BarlowTwinsOptions> registration(
    "barlow_twins", "the same features of both views correlated, different ones not (Zbontar et al. 2021)");

}  // namespace
}  // namespace biossl
