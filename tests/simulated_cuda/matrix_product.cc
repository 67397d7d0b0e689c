#include "biossl/backend/cuda/matrix_product.h"

#include "biossl/backend/cuda/kernels.cuh"

// cuBLAS is not simulated: plain loops stand in for it.
namespace biossl::cuda {
namespace {

template <class T, class Result>
void multiply(const Matrix& a, const Matrix& b, Result* dst) {
  const auto element = [](const Matrix& matrix, std::int64_t row, std::int64_t column) {
    const std::int64_t at = matrix.transposed ? column * matrix.columns + row : row * matrix.columns + column;
    return static_cast<double>(static_cast<float>(reinterpret_cast<const T*>(matrix.values)[at]));
  };
  for_each(a.height() * b.width(), [=](std::int64_t i) {
    const std::int64_t row = i / b.width();
    const std::int64_t column = i % b.width();
    double sum = 0.0;
    for (std::int64_t k = 0; k < a.width(); ++k) sum += element(a, row, k) * element(b, k, column);
    dst[i] = Result(static_cast<float>(sum));
  });
}

}  // namespace

void matrix_product(const Matrix& a, const Matrix& b, DType dst_type, std::byte* dst) {
  biossl::check(a.width() == b.height() && a.dtype == b.dtype, "matrix_product", "{} {} by {} {}", name_of(a.dtype),
                a.width(), name_of(b.dtype), b.height());
  if (a.dtype == DType::float32) {
    biossl::check(dst_type == DType::float32, "matrix_product", "float32 to {}", name_of(dst_type));
    multiply<float>(a, b, reinterpret_cast<float*>(dst));
  } else if (dst_type == DType::float32) {
    multiply<bfloat16>(a, b, reinterpret_cast<float*>(dst));
  } else {
    multiply<bfloat16>(a, b, reinterpret_cast<bfloat16*>(dst));
  }
}

std::string matrix_library() { return "no cuBLAS"; }

}  // namespace biossl::cuda
