#include "biossl/backend/backend.h"
#include "biossl/backend/cpu/vectors.h"

namespace biossl::cpu::BIOSSL_LEVEL {

void add_loss(const Tensor& summed, double share, const Tensor& errors, Tensor& totals) {
  totals.data<double>()[0] += share * summed.data<double>()[0];
  totals.data<double>()[1] +=
      errors.empty() ? summed.data<double>()[1] : static_cast<double>(count_nonzero_rows(errors));
}

}  // namespace biossl::cpu::BIOSSL_LEVEL
