#include <algorithm>
#include <cmath>

#include "biossl/backend/backend.h"

namespace biossl::cpu::BIOSSL_LEVEL {

void softmax_cross_entropy(const Tensor& logits, const Tensor& labels, Tensor& d_logits, Tensor& totals) {
  // A probe's batch has some thousand numbers, too few for a second thread.
  const std::int64_t rows = logits.extent(0);
  const std::int64_t classes = logits.extent(1);
  const float share = 1.0F / static_cast<float>(rows);
  double* sums = totals.data<double>();
  for (std::int64_t row = 0; row < rows; ++row) {
    const float* logit = logits.data<float>() + row * classes;
    float* error = d_logits.data<float>() + row * classes;
    const std::int32_t label = labels.data<std::int32_t>()[row];
    const float* largest = std::max_element(logit, logit + classes);
    float sum = 0.0F;
    for (std::int64_t c = 0; c < classes; ++c) sum += error[c] = std::exp(logit[c] - *largest);
    for (std::int64_t c = 0; c < classes; ++c) error[c] *= share / sum;
    error[label] -= share;
    sums[0] += static_cast<double>(std::log(sum) + *largest - logit[label]);
    sums[1] += largest - logit == label ? 1.0 : 0.0;
  }
}

}  // namespace biossl::cpu::BIOSSL_LEVEL
