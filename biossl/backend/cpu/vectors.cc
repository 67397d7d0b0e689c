#include "biossl/backend/cpu/vectors.h"

#include <algorithm>

namespace biossl::cpu::BIOSSL_LEVEL {

std::int64_t count_nonzero_rows(const Tensor& matrix) {
  const std::int64_t size = matrix.shape().row_size();
  std::int64_t count = 0;
  for (std::int64_t row = 0; row < matrix.extent(0); ++row) {
    const float* values = matrix.data<float>() + row * size;
    count += std::any_of(values, values + size, [](float value) { return value != 0.0F; }) ? 1 : 0;
  }
  return count;
}

}  // namespace biossl::cpu::BIOSSL_LEVEL
