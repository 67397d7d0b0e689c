#include "biossl/losses/feature_moments.h"

#include "biossl/ops/elementwise.h"
#include "biossl/ops/ops.h"

namespace biossl {

FeatureMoments::FeatureMoments(const LossSetup& setup) {
  ops::require_host(setup.device, "feature moments");
  const auto room = [&](const Shape& shape) { return Tensor(shape, setup.dtype, setup.device); };
  centred_ = room({setup.batch, setup.features});
  products_ = room({setup.batch, setup.features});
  means_ = room({1, setup.features});
  variances_ = room({1, setup.features});
  covariances_ = room({setup.features, setup.features});
}

void FeatureMoments::measure(const Tensor& embeddings) {
  rows_ = embeddings.extent(0);
  check(rows_ >= 2, "feature moments", "{} embeddings have no variance; a batch needs at least two pairs", rows_);
  const double share = 1.0 / static_cast<double>(rows_ - 1);
  Tensor centred = centred_.rows(0, rows_);
  Tensor squares = products_.rows(0, rows_);
  ops::reduce(Reduction::mean, embeddings, over_batch, means_);
  ops::combine(embeddings, Combination::subtract, means_, centred);
  ops::apply(Function::square, centred, squares);
  ops::reduce(Reduction::sum, squares, over_batch, variances_);
  ops::scale(variances_, share, variances_);
  ops::matrix_product(centred, true, centred, false, covariances_);
  ops::scale(covariances_, share, covariances_);
}

void FeatureMoments::add_errors(Tensor& d_variances, double weight, Tensor& errors) {
  // d cov = 2 weight cov off the diagonal; d c = 2/(B-1) (c d_cov + c d_var).
  const Tensor centred = centred_.rows(0, rows_);
  Tensor products = products_.rows(0, rows_);
  ops::add_scaled(d_variances, -2 * weight, variances_, d_variances);
  ops::matrix_product(centred, false, covariances_, false, products);
  ops::add_scaled(errors, 4 * weight / static_cast<double>(rows_ - 1), products, errors);
  ops::combine(centred, Combination::multiply, d_variances, products);
  ops::add_scaled(errors, 2 / static_cast<double>(rows_ - 1), products, errors);
}

namespace {

/// sum over the elements of a host tensor of element(value), in double.
template <class Element>
double sum_over(const Tensor& tensor, const Element& element) {
  double sum = 0;
  if (tensor.dtype() == DType::float64) {
    for (const double value : tensor.span<double>()) sum += element(value);
  } else if (tensor.dtype() == DType::bfloat16) {
    for (const bfloat16 value : tensor.span<bfloat16>()) sum += element(static_cast<double>(static_cast<float>(value)));
  } else {
    for (const float value : tensor.span<float>()) sum += element(static_cast<double>(value));
  }
  return sum;
}

}  // namespace

double FeatureMoments::squared_covariances() const {
  const std::int64_t to_next_variance = covariances_.extent(0) + 1;
  std::int64_t element = 0;
  return sum_over(covariances_, [&](double value) { return element++ % to_next_variance == 0 ? 0.0 : value * value; });
}

double sum_of(const Tensor& tensor) {
  return sum_over(tensor, [](double value) { return value; });
}

double sum_of_squares(const Tensor& tensor) {
  return sum_over(tensor, [](double value) { return value * value; });
}

}  // namespace biossl
