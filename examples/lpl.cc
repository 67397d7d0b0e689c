#include "biossl/losses/feature_moments.h"
#include "biossl/ops/elementwise.h"
#include "biossl/ops/ops.h"

// A local loss (docs/extending.md) for the rule "local": latent predictive learning, Halvagal & Zenke 2023.
namespace biossl {
namespace {

struct LplOptions {
  double hebbian = 1.0;
  double decorrelation = 10.0;
  double epsilon = 1e-4;

  template <class Visitor>
  void visit(Visitor& field) {
    field("hebbian", hebbian, "weight of the term that keeps variances up");
    field("decorrelation", decorrelation, "weight of the term that keeps covariances down");
    field("epsilon", epsilon, "added to a variance before its logarithm");
  }
};

/// On the pooled outputs z, z' of a block for the two views, D features, with the two last terms averaged over views:
///   L = mean (z - z')^2 + hebbian mean_i -log(var_i + epsilon) + decorrelation/(D^2 - D) sum_{i != j} cov_ij^2
/// The derivative does not depend on whether the batch means are held constant: centred activity sums to zero.
class Lpl final : public Loss {
 public:
  static constexpr const char* abbreviation = "LPL";

  Lpl(const LplOptions& options, const LossSetup& setup)
      : options_(options), features_(static_cast<double>(setup.features)), moments_(setup) {
    check(options.epsilon > 0, "lpl", "epsilon = {} must be positive", options.epsilon);
    for (Tensor* row : {&logarithms_, &slopes_}) *row = Tensor({1, setup.features}, setup.dtype, setup.device);
  }

  void evaluate(const Tensor& embeddings, const StepContext& /*context*/, Tensor& errors, Tensor& totals) override {
    const std::int64_t pairs = embeddings.extent(0) / 2;
    errors.fill_zero();
    if (pairs < 2) return;  // the short end of an epoch has no variance
    Tensor d_first = errors.rows(0, pairs);
    Tensor d_second = errors.rows(pairs, 2 * pairs);
    const double share = 1 / (static_cast<double>(pairs) * features_);
    ops::add_scaled(embeddings.rows(0, pairs), -1, embeddings.rows(pairs, 2 * pairs), d_first);
    double loss = share * sum_of_squares(d_first);
    ops::scale(d_first, 2 * share, d_first);
    ops::scale(d_first, -1, d_second);
    loss += spread(embeddings.rows(0, pairs), d_first) + spread(embeddings.rows(pairs, 2 * pairs), d_second);
    totals.data<double>()[0] += loss;
    totals.data<double>()[1] += static_cast<double>(pairs);
  }
  std::string head() const override { return "pooled"; }
  bool stops_gradient() const override { return false; }
  Plausibility plausibility() const override { return {.recent_activity = false, .plain_arithmetic = false}; }

 private:
  /// The terms of one view; adds their errors.
  double spread(const Tensor& view, Tensor& errors) {
    const double share = options_.hebbian / (2 * features_);
    const double pairs = std::max(features_ * (features_ - 1), 1.0);
    const double cross = options_.decorrelation / (2 * pairs);
    moments_.measure(view);
    ops::scale(moments_.variances(), 1, slopes_, options_.epsilon);
    ops::apply(Function::logarithm, slopes_, logarithms_);
    ops::apply(Function::reciprocal, slopes_, slopes_);
    ops::scale(slopes_, -share, slopes_);
    const double loss = -share * sum_of(logarithms_) + cross * moments_.squared_covariances();
    moments_.add_errors(slopes_, cross, errors);
    return loss;
  }

  LplOptions options_;
  double features_;
  FeatureMoments moments_;
  Tensor logarithms_, slopes_;
};

const Registration<LossRegistry, Lpl, LplOptions> registration(
    "lpl", "views alike, variances kept up, covariances kept down, block by block (Halvagal & Zenke 2023)");

}  // namespace
}  // namespace biossl
