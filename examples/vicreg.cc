#include "biossl/losses/feature_moments.h"
#include "biossl/ops/elementwise.h"
#include "biossl/ops/ops.h"

// A loss made of operations (docs/extending.md), under the library's head "mlp".
namespace biossl {
namespace {

struct VicregOptions {
  double invariance = 25.0;
  double variance = 25.0;
  double covariance = 1.0;

  template <class Visitor>
  void visit(Visitor& field) {
    field("invariance", invariance, "weight of the mean squared distance between the two views");
    field("variance", variance, "weight of the hinge that keeps each feature's deviation above 1");
    field("covariance", covariance, "weight of the squared covariances of different features");
  }
};

/// VICReg (Bardes, Ponce & LeCun 2022), with the terms of variance and covariance summed over the two views:
///   L = inv mean (z - z')^2 + sum_views [var/(2D) sum_i max(0, 1 - sqrt(var_i + 1e-4)) + cov/D sum_{i != j} cov_ij^2]
/// The factor 1/2 of the variance term is that of the published code.
class Vicreg final : public Loss {
 public:
  static constexpr const char* abbreviation = "VICReg";

  Vicreg(const VicregOptions& options, const LossSetup& setup)
      : options_(options), features_(setup.features), moments_(setup) {
    for (Tensor* row : {&deviations_, &slopes_}) *row = Tensor({1, setup.features}, setup.dtype, setup.device);
  }

  void evaluate(const Tensor& embeddings, const StepContext& /*context*/, Tensor& errors, Tensor& totals) override {
    const std::int64_t pairs = embeddings.extent(0) / 2;
    errors.fill_zero();
    if (pairs < 2) return;  // the short end of an epoch has no variance
    Tensor d_first = errors.rows(0, pairs);
    Tensor d_second = errors.rows(pairs, 2 * pairs);
    const double share = options_.invariance / static_cast<double>(pairs * features_);
    ops::add_scaled(embeddings.rows(0, pairs), -1, embeddings.rows(pairs, 2 * pairs), d_first);
    double loss = share * sum_of_squares(d_first);
    ops::scale(d_first, 2 * share, d_first);
    ops::scale(d_first, -1, d_second);
    loss += spread(embeddings.rows(0, pairs), d_first) + spread(embeddings.rows(pairs, 2 * pairs), d_second);
    totals.data<double>()[0] += loss;
    totals.data<double>()[1] += static_cast<double>(pairs);
  }
  std::string head() const override { return "mlp"; }
  bool stops_gradient() const override { return false; }
  Plausibility plausibility() const override { return {.recent_activity = false, .plain_arithmetic = false}; }

 private:
  /// The terms of one view; adds their errors.
  double spread(const Tensor& view, Tensor& errors) {
    const double hinge = options_.variance / (2 * static_cast<double>(features_));
    const double cross = options_.covariance / static_cast<double>(features_);
    moments_.measure(view);
    ops::scale(moments_.variances(), 1, deviations_, 1e-4);
    ops::apply(Function::square_root, deviations_, deviations_);
    ops::scale(deviations_, -1, slopes_, 1);  // 1 - deviation
    ops::apply(Function::relu, slopes_, slopes_);
    const double loss = hinge * sum_of(slopes_) + cross * moments_.squared_covariances();
    ops::apply(Function::step, slopes_, slopes_);
    ops::combine(slopes_, Combination::divide, deviations_, slopes_);
    ops::scale(slopes_, -hinge / 2, slopes_);  // d sqrt(var) = d var / (2 sqrt(var))
    moments_.add_errors(slopes_, cross, errors);
    return loss;
  }

  VicregOptions options_;
  std::int64_t features_;
  FeatureMoments moments_;
  Tensor deviations_, slopes_;
};

const Registration<LossRegistry, Vicreg, VicregOptions> registration(
    "vicreg", "views alike, features spread and uncorrelated (Bardes, Ponce & LeCun 2022)");

}  // namespace
}  // namespace biossl
