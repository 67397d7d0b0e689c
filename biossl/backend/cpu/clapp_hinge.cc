#include <algorithm>
#include <vector>

#include "biossl/backend/backend.h"
#include "biossl/backend/cpu/vectors.h"
#include "biossl/core/parallel.h"

// Rows are long (a block's whole output), so memory traffic limits the speed: each row's errors are written once, in
// one pass.
namespace biossl::cpu::BIOSSL_LEVEL {
namespace {

/// A prediction's loss, and the weights of its two terms in the errors; a weight is 0 if its hinge is zero.
struct Score {
  double loss;
  float positive, negative;
};

Score score(const float* prediction, const float* target, const float* negative, std::int64_t features) {
  const float near = 1.0F - dot(prediction, target, features);
  const float far = negative == target ? 0.0F : 1.0F + dot(prediction, negative, features);
  return {.loss = std::max(static_cast<double>(near), 0.0) + std::max(static_cast<double>(far), 0.0),
          .positive = near <= 0.0F ? 0.0F : -1.0F,
          .negative = far <= 0.0F ? 0.0F : 1.0F};
}

}  // namespace

void clapp_hinge(const Tensor& predictions, const Tensor& targets, const Tensor& negatives, Tensor& d_predictions,
                 Tensor& d_targets, Tensor& totals) {
  const std::int64_t batch = predictions.extent(0);
  const std::int64_t features = predictions.extent(1);
  const float share = 1.0F / static_cast<float>(batch);
  const auto row = [features](const Tensor& matrix, std::int64_t index) {
    return matrix.data<float>() + index * features;
  };
  const std::int32_t* negative_of = negatives.data<std::int32_t>();
  thread_local std::vector<Score> kept;  // summed in order, so that the result does not depend on the threads
  kept.resize(static_cast<std::size_t>(batch));
  Score* scores = kept.data();
  parallel_for(batch, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const float* target = row(targets, i);
      const float* negative = row(targets, negative_of[i]);
      const Score mine = scores[i] = score(row(predictions, i), target, negative, features);
      float* __restrict error = row(d_predictions, i);
#pragma omp simd
      for (std::int64_t k = 0; k < features; ++k) {
        error[k] = share * (mine.positive * target[k] + mine.negative * negative[k]);
      }
    }
  });
  parallel_for(batch, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t j = begin; j < end; ++j) {
      const float* __restrict prediction = row(predictions, j);
      float* __restrict error = row(d_targets, j);
      const float weight = share * scores[j].positive;
#pragma omp simd
      for (std::int64_t k = 0; k < features; ++k) error[k] = weight * prediction[k];
      for (std::int64_t i = 0; i < batch; ++i) {
        if (negative_of[i] != j || scores[i].negative == 0.0F) continue;
        add_scaled(share * scores[i].negative, row(predictions, i), features, error);
      }
    }
  });
  double loss = 0;
  for (const Score& each : kept) loss += each.loss;
  totals.data<double>()[0] += loss / static_cast<double>(batch);
  totals.data<double>()[1] += static_cast<double>(count_nonzero_rows(d_targets));
}

}  // namespace biossl::cpu::BIOSSL_LEVEL
