#include "biossl/backend/backend.h"
#include "biossl/backend/reference/elements.h"

namespace biossl::reference {

void add_loss(const Tensor& summed, double share, const Tensor& errors, Tensor& totals) {
  totals.data<double>()[0] += share * summed.data<double>()[0];
  if (errors.empty()) {
    totals.data<double>()[1] += summed.data<double>()[1];
    return;
  }
  const auto row_size = static_cast<std::size_t>(errors.shape().row_size());
  totals.data<double>()[1] += static_cast<double>(count_nonzero_rows(load(errors), row_size));
}

}  // namespace biossl::reference
