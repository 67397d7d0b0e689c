#include "biossl/backend/backend.h"
#include "biossl/backend/reference/elements.h"

namespace biossl::reference {

void clapp_hinge(const Tensor& predictions, const Tensor& targets, const Tensor& negatives, Tensor& d_predictions,
                 Tensor& d_targets, Tensor& totals) {
  const auto batch = static_cast<std::size_t>(predictions.extent(0));
  const auto features = static_cast<std::size_t>(predictions.extent(1));
  const std::vector<double> prediction = load(predictions);
  const std::vector<double> target = load(targets);
  std::vector<double> prediction_error(prediction.size());
  std::vector<double> target_error(target.size());
  double loss = 0;
  const auto compare = [&](std::size_t i, std::size_t j, double sign) {
    double s = 0;
    for (std::size_t k = 0; k < features; ++k) s += prediction[i * features + k] * target[j * features + k];
    const double margin = 1 + sign * s;
    if (margin <= 0) return;
    loss += margin / static_cast<double>(batch);
    for (std::size_t k = 0; k < features; ++k) {
      prediction_error[i * features + k] += sign * target[j * features + k] / static_cast<double>(batch);
      target_error[j * features + k] += sign * prediction[i * features + k] / static_cast<double>(batch);
    }
  };
  for (std::size_t i = 0; i < batch; ++i) {
    const auto negative = static_cast<std::size_t>(negatives.data<std::int32_t>()[i]);
    compare(i, i, -1.0);
    if (negative != i) compare(i, negative, 1.0);
  }
  store(prediction_error, d_predictions);
  store(target_error, d_targets);
  totals.data<double>()[0] += loss;
  totals.data<double>()[1] += static_cast<double>(count_nonzero_rows(target_error, features));
}

}  // namespace biossl::reference
