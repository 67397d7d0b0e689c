#include "biossl/losses/cosine_distance.h"

#include "biossl/losses/feature_moments.h"
#include "biossl/ops/elementwise.h"
#include "biossl/ops/ops.h"

namespace biossl {

CosineDistance::CosineDistance(const LossSetup& setup, std::int64_t rows) {
  ops::require_host(setup.device, "cosine distance");
  for (Tensor* tensor : {&unit_, &targets_, &difference_}) {
    *tensor = Tensor({rows, setup.features}, setup.dtype, setup.device);
  }
  for (Tensor* tensor : {&norms_, &target_norms_}) *tensor = Tensor({rows}, setup.dtype, setup.device);
}

double CosineDistance::evaluate(const Tensor& embeddings, const Tensor& targets, double share, Tensor& errors) {
  const std::int64_t rows = embeddings.extent(0);
  Tensor unit = unit_.rows(0, rows);
  Tensor aims = targets_.rows(0, rows);
  Tensor difference = difference_.rows(0, rows);
  Tensor norms = norms_.rows(0, rows);
  Tensor target_norms = target_norms_.rows(0, rows);
  ops::normalize_rows(embeddings, unit, norms);
  ops::normalize_rows(targets, aims, target_norms);
  ops::add_scaled(unit, -1, aims, difference);
  const double loss = share * sum_of_squares(difference);
  ops::scale(difference, 2 * share, difference);
  ops::normalize_rows_backward(difference, unit, norms, errors);
  return loss;
}

}  // namespace biossl
