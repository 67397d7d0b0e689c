#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "biossl/core/dtype.h"
#include "biossl/core/tensor.h"

/// Matrix products by cuBLAS. tests/simulated_cuda replaces it by plain loops.
namespace biossl::cuda {

/// A factor of a product: a row-major matrix in device memory, optionally transposed.
struct Matrix {
  const std::byte* values;
  DType dtype;                 // float32 or bfloat16
  std::int64_t rows, columns;  // before transposing
  bool transposed = false;

  std::int64_t height() const { return transposed ? columns : rows; }
  std::int64_t width() const { return transposed ? rows : columns; }
};

/// A tensor (N,...) taken as (N,D).
inline Matrix matrix_of(const Tensor& tensor) {
  return {tensor.raw(), tensor.dtype(), tensor.extent(0), tensor.shape().row_size()};
}
inline Matrix transposed(const Matrix& matrix) {
  return {matrix.values, matrix.dtype, matrix.rows, matrix.columns, !matrix.transposed};
}

/// dst = a b, row-major. Both factors have one type; dst is float32, or bfloat16 like the factors. Sums are float32 and
/// are rounded once, when they are stored. Every run gives the same bits.
void matrix_product(const Matrix& a, const Matrix& b, DType dst_type, std::byte* dst);

/// Name and version of the library.
std::string matrix_library();

}  // namespace biossl::cuda
