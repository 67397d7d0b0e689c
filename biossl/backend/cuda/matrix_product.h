#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "biossl/core/dtype.h"
#include "biossl/core/tensor.h"

/// Products of matrices by cuBLAS. tests/simulated_cuda has plain loops in its place.
namespace biossl::cuda {

/// A factor of a product: a matrix that lies row by row in device memory, taken as it lies or transposed.
struct Matrix {
  const std::byte* values;
  DType dtype;                 // float32 or bfloat16
  std::int64_t rows, columns;  // as it lies
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

/// dst = a b, row by row. Both factors are of one type; dst is float32, or bfloat16 where they are. Sums are float32
/// and rounded once, when they are stored; the same bits every run.
void matrix_product(const Matrix& a, const Matrix& b, DType dst_type, std::byte* dst);

/// The library and its version.
std::string matrix_library();

}  // namespace biossl::cuda
