#include <algorithm>
#include <cmath>

#include "biossl/backend/backend.h"
#include "biossl/backend/reference/elements.h"

namespace biossl::reference {

void softmax_cross_entropy(const Tensor& logits, const Tensor& labels, Tensor& d_logits, Tensor& totals) {
  const auto batch = static_cast<std::size_t>(logits.extent(0));
  const auto classes = static_cast<std::size_t>(logits.extent(1));
  std::vector<double> values = load(logits);
  const auto* label = labels.data<std::int32_t>();
  auto* total = totals.data<double>();
  for (std::size_t n = 0; n < batch; ++n) {
    double* row = &values[n * classes];
    const double* largest = std::max_element(row, row + classes);  // the first of equals
    const auto truth = static_cast<std::size_t>(label[n]);
    total[1] += largest == row + truth ? 1 : 0;
    const double shift = *largest;  // keeps the exponentials finite
    double sum = 0;
    for (std::size_t c = 0; c < classes; ++c) sum += std::exp(row[c] - shift);
    total[0] += std::log(sum) - (row[truth] - shift);
    for (std::size_t c = 0; c < classes; ++c) {
      const double probability = std::exp(row[c] - shift) / sum;
      row[c] = (probability - (c == truth ? 1.0 : 0.0)) / static_cast<double>(batch);
    }
  }
  store(values, d_logits);
}

}  // namespace biossl::reference
